import Foundation
import Testing

#if !MPI
  /// The program where an MPI launcher has started it several times, and it knows no MPI.
  @Suite struct RankCommandTests {
    private static func run(_ variables: String, _ words: [String]) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run(words, after: "export \(variables)")
    }

    /// The first copy says what to build, the others nothing, and none of them touches the run folder.
    @Test(arguments: [
      ("OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_RANK=", "Open MPI has started 3 copies"),
      ("PMI_SIZE=2 PMI_RANK=", "MPICH has started 2 copies"),
      ("PMIX_RANK=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=", "Slurm has started 4 copies"),
    ])
    func theFirstSaysWhatToBuild(variables: String, beginning: String) throws {
      let folder = try TemporaryFolder()
      let run = folder.url.appendingPathComponent("run").path
      for words in [["train", "paired", "nowhere", "--out", run], ["resume", run]] {
        let first = try Self.run(variables + "0", words)
        #expect(first.status == 1 && first.errors.contains(beginning), "\(first.errors)")
        #expect(first.errors.contains("--traits MPI") && first.errors.split(separator: "\n").count == 1)
        let second = try Self.run(variables + "1", words)
        #expect(second.status == 1 && second.errors.isEmpty, "\(second.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: run))
    }

    /// One copy is a program like any other, and so is one that Slurm starts without MPI.
    @Test(arguments: [
      "OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0", "SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=4",
    ])
    func oneCopyTrains(variables: String) throws {
      let folder = try TemporaryFolder()
      let outcome = try Self.run(
        variables, ["train", "paired", "nowhere", "--out", folder.url.appendingPathComponent("run").path])
      #expect(outcome.status == 1 && outcome.errors.contains("nowhere: does not exist"), "\(outcome.errors)")
    }
  }
#endif
