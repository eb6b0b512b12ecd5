import Testing
import Translate

@Suite struct ShardTests {
  @Test(arguments: [(0, 1), (1, 0), (0, 0), (2, 1), (-1, 3), (1, -1), (Int.min, Int.min), (Int.max, 1)])
  func partsThatAreNone(index: Int, count: Int) {
    #expect(Shard(index: index, count: count) == nil)
    #expect(Shard("\(index)/\(count)") == nil)
  }

  @Test(arguments: ["", "/", "1", "1/", "/1", "1/2/3", "a/b", "1/99999999999999999999", " 1/2", "1/2 "])
  func textsThatNameNone(text: String) {
    #expect(Shard(text) == nil)
  }

  @Test func parts() {
    #expect(Shard("3/16") == Shard(index: 3, count: 16))
    #expect(Shard(index: 1, count: 1)?.description == "1/1")
    #expect(Shard(index: .max, count: .max)?.index == .max)
  }
}

/// What schedulers say by environment variables.
@Suite struct SchedulerTests {
  @Test(arguments: [
    (["SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "16"], "7/16"),
    (["SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_COUNT": "4"], "1/4"),
    (
      [
        "SLURM_ARRAY_TASK_ID": "30", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_STEP": "10",
        "SLURM_ARRAY_TASK_COUNT": "3",
      ], "3/3"
    ),
    (["JOB_COMPLETION_INDEX": "0", "SHARD_COUNT": "8"], "1/8"),
    (["PBS_ARRAY_INDEX": "8", "SHARD_COUNT": "8"], "8/8"),
    (["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"], "2/2"),
    (["PMI_RANK": "0", "PMI_SIZE": "2"], "1/2"),
    (["SLURM_PROCID": "3", "SLURM_NTASKS": "4"], "4/4"),
    // Ranks within a task of an array.
    (
      [
        "SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_PROCID": "1",
        "SLURM_NTASKS": "4",
      ], "6/12"
    ),
  ])
  func schedulersNameTheirParts(environment: [String: String], expected: String) throws {
    #expect(try Shard(environment: environment).description == expected)
  }

  @Test(arguments: [
    ([:], "no scheduler says which part of the job this is"),
    (["JOB_COMPLETION_INDEX": "0"], "SHARD_COUNT, which says how many parts there are"),
    (["JOB_COMPLETION_INDEX": "8", "SHARD_COUNT": "8"], "JOB_COMPLETION_INDEX is 8, but there are 8 parts from 0 on"),
    (["PBS_ARRAY_INDEX": "0", "SHARD_COUNT": "8"], "PBS_ARRAY_INDEX is 0"),
    (["PMI_RANK": "x", "PMI_SIZE": "2"], "PMI_RANK is 'x', but a number was expected"),
    (["PMI_RANK": "-1", "PMI_SIZE": "2"], "a number was expected"),
    (["PMI_RANK": "0", "PMI_SIZE": "9223372036854775807"], "a number was expected"),
    (
      [
        "JOB_COMPLETION_INDEX": "0", "SHARD_COUNT": "1099511627776", "PMI_RANK": "0", "PMI_SIZE": "1099511627776",
      ], "so many parts cannot be"
    ),
  ])
  func whatCannotBeIsSaid(environment: [String: String], expected: String) {
    let error = #expect(throws: FileError.self) { try Shard(environment: environment) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }
}
