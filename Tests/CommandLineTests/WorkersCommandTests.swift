import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Images
@testable import translate_cli

/// Several processes on one output folder.
struct WorkersCommandTests {
  /// A folder with a run in `run` and pictures of four sizes in `in` and `in/sub`.
  private func folder(count: Int) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: count, size: 64)
    let trained = try BuiltProgram.run(
      ("train paired data --out run --generator unet_64 --ngf 4 --ndf 4 --load-size 64 --crop-size 64 --steps 1 --quiet")
        .split(separator: " ").map(String.init), in: folder.url)
    #expect(trained.status == 0, "\(trained.errors)")
    let files = FileManager.default
    try files.createDirectory(atPath: folder.path + "/in/sub", withIntermediateDirectories: true)
    for (index, name) in try files.contentsOfDirectory(atPath: folder.path + "/data/train").sorted().enumerated() {
      let picture = try PNG.read(folder.path + "/data/train/" + name)
      let side = [64, 96, 160, 352][index % 4]
      try PNG.write(
        picture.resized(width: side, height: side), to: folder.path + (index % 3 == 0 ? "/in/sub/" : "/in/") + name)
    }
    return folder
  }

  private func start(_ folder: TemporaryFolder, _ arguments: String) throws -> BuiltProgram.Running {
    try BuiltProgram.start(["apply", "run"] + arguments.split(separator: " ").map(String.init), in: folder.url)
  }

  private func run(_ folder: TemporaryFolder, _ arguments: String) throws -> BuiltProgram.Outcome {
    try start(folder, arguments).wait()
  }

  private func pictures(_ folder: TemporaryFolder, _ name: String) throws -> [String: Data] {
    let files = FileManager.default
    let paths = try files.subpathsOfDirectory(atPath: folder.path + "/" + name).filter { $0.hasSuffix(".png") }
    return Dictionary(
      uniqueKeysWithValues: paths.map { ($0, files.contents(atPath: folder.path + "/\(name)/\($0)") ?? Data()) })
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func number(_ object: [String: Any], _ key: String) -> Int { object[key] as? Int ?? -1 }

  @Test func nothingIsTranslatedTwice() throws {
    let folder = try folder(count: 40)
    let count = try pictures(folder, "in").count
    #expect(try run(folder, "in --out alone --recursive --quiet").status == 0)
    let workers = try (0..<4).map { _ in
      try start(folder, "in --out out --recursive --claim --threads 1 --batch-size 2 --json --quiet")
    }
    let outcomes = workers.map { $0.wait() }
    #expect(outcomes.allSatisfy { $0.status == 0 && $0.errors.isEmpty }, "\(outcomes)")
    let summaries = try outcomes.map { try object($0.output) }
    #expect(summaries.reduce(0) { $0 + number($1, "translated") } == count)
    for summary in summaries {
      #expect(
        number(summary, "translated") + number(summary, "others") + number(summary, "skipped") == count, "\(summary)")
    }
    #expect(try pictures(folder, "out") == pictures(folder, "alone"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out").filter { $0.hasPrefix(".") }
        == [".translate-records"])
    let sum = try run(folder, "in --out out --recursive --summary --json")
    #expect(sum.status == 0 && sum.errors.isEmpty, "\(sum.errors)")
    let all = try object(sum.output)
    #expect(number(all, "translated") == count && number(all, "present") == count && number(all, "missing") == 0)
    #expect((all["workers"] as? [Any])?.count == 4)
    let pixels = try pictures(folder, "in").keys.reduce(0) {
      let header = try PNG.header(folder.path + "/in/" + $1)
      return $0 + header.width * header.height
    }
    #expect(number(all, "pixels") == pixels)
  }

  /// Workers that are killed at any moment, and others that come: all is there in the end, whole, and nothing is left over.
  @Test(arguments: [1, 2, 3] as [UInt64]) func killedWorkersLoseNothing(seed: UInt64) throws {
    let folder = try folder(count: 30)
    #expect(try run(folder, "in --out alone --recursive --quiet").status == 0)
    var random = SystemRandomNumberGenerator()
    let line = "in --out out --recursive --claim --claim-timeout 2 --threads 1 --quiet"
    for _ in 0..<5 {
      let workers = try (0..<2).map { _ in try start(folder, line) }
      for worker in workers {
        Thread.sleep(forTimeInterval: .random(in: 0...0.5, using: &random))
        worker.killAtOnce()
      }
      // Whatever is there is whole.
      let whole = try pictures(folder, "alone")
      for (name, bytes) in try pictures(folder, "out") { #expect(whole[name] == bytes, "\(name)") }
    }
    let last = try (0..<2).map { _ in try start(folder, line) }
    last[0].killAtOnce()
    let outcome = last[1].wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try pictures(folder, "out") == pictures(folder, "alone"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/.translate-claims"))
    #expect(try run(folder, "in --out out --recursive --summary").status == 0)
  }

  /// A worker that stands still, as on a machine that is gone: others wait for its claims to run out.
  @Test func aSilentWorkerIsTakenForDead() throws {
    let folder = try folder(count: 24)
    let line = "in --out out --recursive --claim --claim-timeout 2 --threads 1"
    let silent = try start(folder, line)
    #expect(silent.wait { (try? pictures(folder, "out").isEmpty) == false })
    kill(silent.process.processIdentifier, SIGSTOP)
    let claims = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out/.translate-claims")
    let numbers = claims.filter { $0.hasSuffix(".0") }.map { $0.dropLast(2) }
    #expect(numbers.contains { !claims.contains($0 + ".done") }, "it holds nothing: \(claims)")
    let outcome = try run(folder, line)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let there = try pictures(folder, "out")
    #expect(try there.count == pictures(folder, "in").count)
    // It goes on where everything is done, and harms nothing.
    kill(silent.process.processIdentifier, SIGCONT)
    #expect(silent.wait().status == 0)
    #expect(try pictures(folder, "out") == there)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/.translate-claims"))
  }

  /// Ctrl-C hands back what was claimed: the next goes on at once, whatever the timeout.
  @Test func stoppingHandsBack() throws {
    let folder = try folder(count: 24)
    let line = "in --out out --recursive --claim --threads 1"
    let first = try start(folder, line)
    #expect(first.wait { (try? pictures(folder, "out").isEmpty) == false })
    kill(first.process.processIdentifier, SIGINT)
    let stopped = first.wait()
    #expect(stopped.status == 130 && stopped.errors.contains("go on with the same command\n"), "\(stopped.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/.translate-claims"))
    let start = ContinuousClock.now
    #expect(try run(folder, line).status == 0)
    #expect(start.duration(to: .now) < .seconds(60))
    #expect(try pictures(folder, "out").count == pictures(folder, "in").count)
  }

  @Test func failuresAreToldByOneAndAddedUp() throws {
    let folder = try folder(count: 12)
    try folder.write("no PNG", to: "in/bad.png")
    let count = try pictures(folder, "in").count
    let missing = try run(folder, "in --out none --recursive --summary")
    #expect(
      missing.status == 1 && missing.output == "0 of \(count) translated, \(count) missing\n", "\(missing.output)")
    #expect(missing.errors.contains("in/bad.png: has no translation\n"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
    let workers = try (0..<2).map { _ in try start(folder, "in --out out --recursive --claim --threads 1 --quiet") }
    #expect(workers.map { $0.wait().status }.contains(1))
    for shard in 1...3 { _ = try run(folder, "in --out parts --recursive --shard \(shard)/3 --quiet") }
    for (output, workers) in [("out", 2), ("parts", 3)] {
      let sum = try run(folder, "in --out \(output) --recursive --summary")
      #expect(sum.status == 1 && sum.output.hasSuffix("\n\(count - 1) of \(count) translated, 1 failed\n"), "\(sum)")
      #expect(sum.output.split(separator: "\n").count == workers + 3)
      #expect(sum.errors == "translate-cli apply: in/bad.png: is no PNG image\n", "\(sum.errors)")
    }
    // Mended, and translated by a worker that came later.
    try FileManager.default.removeItem(atPath: folder.path + "/in/bad.png")
    try FileManager.default.copyItem(
      atPath: folder.path + "/in/sub/facade_0001.png", toPath: folder.path + "/in/bad.png")
    #expect(try run(folder, "in --out out --recursive --claim --quiet").status == 0)
    #expect(try run(folder, "in --out out --recursive --summary").status == 0)
    // A translation that is gone, and a record that is none.
    try FileManager.default.removeItem(atPath: folder.path + "/out/bad.png")
    try folder.write("{}", to: "out/.translate-records/0-0.json")
    let again = try run(folder, "in --out out --recursive --summary")
    #expect(
      again.status == 1 && again.errors.contains("0-0.json: is no record of a worker; remove it"), "\(again.errors)")
  }

  /// A label's translations, and an output folder inside of the input folder.
  @Test func placesOfAllKinds() throws {
    let folder = try folder(count: 12)
    let count = try pictures(folder, "in").count
    let workers = try (0..<3).map { _ in
      try start(folder, "in --out in/out --recursive --claim --skip-existing --threads 1 --quiet")
    }
    let outcomes = workers.map { $0.wait() }
    #expect(outcomes.allSatisfy { $0.status == 0 }, "\(outcomes)")
    #expect(try pictures(folder, "in/out").count == count)
    #expect(
      try run(folder, "in --out in/out --recursive --summary").output.hasSuffix("\(count) of \(count) translated\n"))
  }

  @Test(arguments: [
    ("m i --out o --claim --shard 1/2", "--claim and --shard exclude each other"),
    ("m i --out o --claim --summary", "--claim and --summary exclude each other"),
    ("m i --out o --shard 1/2 --summary", "--summary and --shard exclude each other"),
    ("m i --out o --claim-timeout 9", "--claim-timeout has no effect without --claim"),
    ("m i --out o --claim --claim-timeout 1", "--claim-timeout needs a whole number from 2 to 86400, not 1"),
    ("m - --out o.png --claim", "--claim has no effect without a folder as INPUT and one as --out"),
  ])
  func wrongLines(arguments: String, expected: String) {
    let outcome = runInProcess(["apply"] + arguments.split(separator: " ").map(String.init))
    #expect(outcome.status.rawValue == 2 && outcome.error.contains(expected), "\(outcome.error)")
  }
}
