import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Images

/// The scripts of docs/cluster.md, as far as a machine without schedulers can run them: with the variables set that they would
/// set.
struct ClusterExampleTests {
  private static let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("docs/cluster.md")

  /// The fenced blocks of a language.
  private func blocks(_ language: String) throws -> [String] {
    let text = try String(contentsOf: Self.document, encoding: .utf8)
    return text.components(separatedBy: "```\(language)\n").dropFirst().map {
      $0.components(separatedBy: "\n```")[0] + "\n"
    }
  }

  /// A folder in which the examples' paths lead to small things.
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 20, size: 64)
    let trained = try BuiltProgram.run(
      ("train paired data --out runs/facades --generator unet_64 --ngf 4 --ndf 4 --load-size 64 --crop-size 64 --steps 1 --quiet")
        .split(separator: " ").map(String.init), in: folder.url)
    #expect(trained.status == 0, "\(trained.errors)")
    let files = FileManager.default
    try files.moveItem(atPath: folder.path + "/data/train", toPath: folder.path + "/data/labels")
    try files.createSymbolicLink(atPath: folder.path + "/data/run", withDestinationPath: "../runs/facades")
    try files.createDirectory(atPath: folder.path + "/bin", withIntermediateDirectories: true)
    let program = try #require(BuiltProgram.url)
    try files.createSymbolicLink(atPath: folder.path + "/bin/translate-cli", withDestinationPath: program.path)
    // Stands for GNU parallel: every argument behind ::: in turn, or once on each of three machines.
    try folder.write(
      """
      #!/bin/bash
      while [[ $1 == --* ]]; do [[ $1 == --nonall ]] && all=1 && shift 1 || shift 2; done
      while [[ $# -gt 0 && $1 != ::: ]]; do words+=("$1"); shift; done
      shift
      if [[ $all ]]; then set -- 1 2 3; for i; do "${words[@]}" & ids+=($!); done; for id in "${ids[@]}"; do wait "$id" || exit 1; done
      else for i; do "${words[@]//\\{\\}/$i}" || exit 1; done; fi

      """, to: "bin/parallel")
    chmod(folder.path + "/bin/parallel", 0o755)
    return folder
  }

  private func count(_ folder: TemporaryFolder, _ name: String) -> Int {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + name)) ?? []).filter {
      $0.hasSuffix(".png")
    }
    .count
  }

  /// The tasks of an array at the same time, each with its number; the sizes of arrays made small.
  private func runTasks(
    _ script: String, _ folder: TemporaryFolder, _ environment: [(String, String)], index: String?
  ) throws -> [BuiltProgram.Outcome] {
    let local = script.replacingOccurrences(of: "/data/", with: "data/").replacingOccurrences(of: "=64 ", with: "=3 ")
    try folder.write(local, to: "script")
    let tasks = try (index == nil ? 1...1 : 1...3).map { number in
      let variables = environment + [("PATH", "$PWD/bin:$PATH")] + (index.map { [($0, "\(number)")] } ?? [])
      return try BuiltProgram.start(
        URL(fileURLWithPath: "/bin/bash"), ["script"], in: folder.url,
        after: variables.map { "export \($0.0)=\"\($0.1)\"" }.joined(separator: "; "))
    }
    return tasks.map { $0.wait() }
  }

  @Test func scriptsAreRight() throws {
    let scripts = try blocks("bash")
    #expect(scripts.count == 8)
    for script in scripts {
      let folder = try TemporaryFolder()
      try folder.write(script, to: "script")
      let outcome = try BuiltProgram.start(URL(fileURLWithPath: "/bin/bash"), ["-n", "script"], in: folder.url).wait()
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(script)\(outcome.errors)")
    }
  }

  @Test func scriptsTranslateEverything() throws {
    let folder = try folder()
    let total = count(folder, "data/labels")
    let scripts = try blocks("bash").filter { $0.contains("translate-cli apply") }
    #expect(total == 20 && scripts.count == 5)
    let summary = try #require(scripts.first { $0.contains("--summary") })
    for script in scripts where script != summary {
      let (environment, index): ([(String, String)], String?) =
        script.contains("#SBATCH")
        ? (
          [("SLURM_CPUS_PER_TASK", "1"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "3")],
          "SLURM_ARRAY_TASK_ID"
        )
        : script.contains("#PBS") ? ([("PBS_O_WORKDIR", ".")], "PBS_ARRAY_INDEX") : ([], nil)
      let outcomes = try runTasks(script, folder, environment, index: index)
      #expect(outcomes.allSatisfy { $0.status == 0 && $0.errors.isEmpty }, "\(script)\(outcomes)")
      #expect(count(folder, "data/photos") == total, "\(script)")
      let sum = try runTasks(summary, folder, [], index: nil)
      #expect(sum[0].status == 0 && sum[0].output.hasSuffix("\(total) of \(total) translated\n"), "\(sum)")
      try FileManager.default.removeItem(atPath: folder.path + "/data/photos")
    }
  }

  @Test func podsTranslateEverything() throws {
    let folder = try folder()
    let manifest = try #require(try blocks("yaml").first)
    let line = try #require(manifest.split(separator: "\n").first { $0.contains("args: [") })
    let list = line.components(separatedBy: "args: [")[1].components(separatedBy: "]")[0]
    let arguments = list.components(separatedBy: ", ").map {
      $0.replacingOccurrences(of: "\"", with: "").replacingOccurrences(of: "/data/", with: "data/")
    }
    #expect(manifest.contains("name: SHARD_COUNT") && manifest.components(separatedBy: "64").count >= 3)
    let pods = try (0..<3).map { index in
      try BuiltProgram.start(
        arguments, in: folder.url, after: "export JOB_COMPLETION_INDEX=\(index) SHARD_COUNT=3")
    }
    #expect(pods.map { $0.wait().status } == [0, 0, 0])
    #expect(count(folder, "data/photos") == count(folder, "data/labels"))
  }
}
