import TestSupport
import DemoData
import Images

#if os(Linux)
  import Foundation
  import Testing
  import Translate

  /// Every command at limits on its memory, from too little to enough: it does its work, or says one sentence and ends
  /// with status 1, soon.
  ///
  /// What a limit leaves depends on the system's libraries, so no test counts on what happens at a certain one: all are
  /// tried from where the program cannot even be loaded to where it does its work.
  struct MemoryTests {
    /// A folder with pictures of 512 × 1024 pixels in `in`, a run of a unet_256 with 16 filters in `run`, data in `data`.
    private static func folder() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try DemoData.writePaired(to: folder.path + "/data", count: 2, size: 256)
      try DemoData.writePaired(to: folder.path + "/large", count: 1, size: 512)
      try FileManager.default.createDirectory(atPath: folder.path + "/in", withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        atPath: folder.path + "/large/train/facade_0001.png", toPath: folder.path + "/in/a.png")
      let trained = try BuiltProgram.run(training.split(separator: " ").map(String.init), in: folder.url)
      #expect(trained.status == 0, "\(trained.errors)")
      return folder
    }

    private static let training = "train paired data --out run --ngf 16 --ndf 16 --steps 1 --quiet --overwrite"

    /// Runs the program where it can have no more than `megabytes` of addresses; kills it where it does not end.
    private func run(_ line: String, _ folder: TemporaryFolder, megabytes: Int) throws -> BuiltProgram.Outcome {
      let running = try BuiltProgram.start(
        line.split(separator: " ").map(String.init), in: folder.url,
        after: "ulimit -c 0; ulimit -v \(megabytes * 1000)")
      let end = ContinuousClock.now + .seconds(60)
      while running.process.isRunning, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.01) }
      if running.process.isRunning {
        kill(running.process.processIdentifier, SIGKILL)
        Issue.record("\(line) hangs at \(megabytes) MB: \(running.errors)")
      }
      return running.wait()
    }

    /// Runs `line` at growing limits until it does its work.
    ///
    /// - Parameter least: how often it must have said that the memory does not suffice, so that this tests something
    private func tryLimits(_ line: String, _ folder: TemporaryFolder, step: Int, least: Int) throws {
      var sentences = 0
      for megabytes in stride(from: 60, through: 3000, by: step) {
        let outcome = try run(line, folder, megabytes: megabytes)
        let errors = outcome.errors
        if outcome.status == 0 {
          #expect(sentences >= least, "\(line): \(sentences) refusals")
          return
        }
        // 127 is the loader's, before there is a program.
        guard outcome.status != 127 else { continue }
        #expect(outcome.status == 1, "\(line) at \(megabytes) MB: \(outcome.status) \(errors)")
        let lines = errors.split(separator: "\n").filter { $0.contains("translate-cli") }
        #expect(lines.count == 1, "\(line) at \(megabytes) MB: \(errors)")
        let words = lines.first ?? ""
        #expect(words.contains("memory for") && words.contains("give the program more memory"), "\(errors)")
        #expect(!errors.contains("atal error") && !errors.contains("Backtrace"), "\(errors)")
        sentences += 1
      }
      Issue.record("\(line) does not do its work within 3 GB")
    }

    @Test func applying() throws {
      let folder = try Self.folder()
      try tryLimits("apply run in --out out", folder, step: 30, least: 4)
      // Squares need less than the whole.
      try tryLimits("apply run in --out tiles --tile 256 --threads 1", folder, step: 60, least: 2)
    }

    @Test func trainingAndResuming() throws {
      let folder = try Self.folder()
      let before = try Data(contentsOf: folder.url.appendingPathComponent("run/checkpoint.safetensors"))
      try tryLimits("resume run --steps 2 --quiet", folder, step: 80, least: 2)
      let after = try Data(contentsOf: folder.url.appendingPathComponent("run/checkpoint.safetensors"))
      // Whole, but for the digits of the numbers that are written as text.
      #expect(after != before && abs(after.count - before.count) < 100, "\(before.count) and \(after.count) bytes")
      try tryLimits(Self.training, folder, step: 80, least: 2)
      #expect(try Data(contentsOf: folder.url.appendingPathComponent("run/checkpoint.safetensors")) == before)
    }

    @Test(arguments: [
      ("convert run out.pth --overwrite", 5), ("convert run out.onnx --overwrite", 5), ("inspect run", 5),
      ("check data --ngf 4 --ndf 4", 20), ("report run", 5), ("evaluate in in", 3),
    ])
    func otherCommands(line: String, step: Int) throws {
      try tryLimits(line, Self.folder(), step: step, least: 0)
    }

    @Test func drawing() throws {
      try tryLimits("demo-data paired out --count 1 --size 2048 --quiet", TemporaryFolder(), step: 40, least: 2)
    }

    /// What is said by a small picture's limit of a large one between two such, and that these are translated all the same.
    @Test func aLargePictureAmongSmallOnes() throws {
      let folder = try Self.folder()
      try DemoData.writePaired(to: folder.path + "/small", count: 2, size: 64)
      let files = FileManager.default
      try files.removeItem(atPath: folder.path + "/in/a.png")
      for (number, name) in [(1, "a"), (2, "c")] {
        try files.moveItem(
          atPath: folder.path + "/small/train/facade_000\(number).png", toPath: folder.path + "/in/\(name).png")
      }
      var megabytes = 60
      while try run("apply run in --out out --half whole --quiet --threads 1", folder, megabytes: megabytes).status != 0
      {
        megabytes += 20
        try #require(megabytes < 3000, "small pictures need more than 3 GB")
      }
      let large = Picture(width: 6000, height: 6000, channels: 1, pixels: [UInt8](repeating: 9, count: 36_000_000))
      try PNG.write(large, to: folder.path + "/in/b.png")
      let outcome = try run("apply run in --out mixed --half whole --threads 1", folder, megabytes: megabytes + 60)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("translate-cli apply: in/b.png: needs "), "\(outcome.errors)")
      #expect(outcome.errors.contains("2 translated in ") && outcome.errors.contains(", 1 failed"), "\(outcome.errors)")
      for name in ["a", "c"] {
        #expect(
          try Data(contentsOf: folder.url.appendingPathComponent("mixed/\(name).png"))
            == Data(contentsOf: folder.url.appendingPathComponent("out/\(name).png")))
      }
    }

    /// Fewer threads than were asked for give the same bytes.
    @Test func threadsThatCannotBeHad() throws {
      let folder = try Self.folder()
      #expect(try run("apply run in --out few --threads 1 --quiet", folder, megabytes: 100_000).status == 0)
      #expect(try run("apply run in --out many --threads 1000 --quiet", folder, megabytes: 2500).status == 0)
      #expect(
        try Data(contentsOf: folder.url.appendingPathComponent("few/a.png"))
          == Data(contentsOf: folder.url.appendingPathComponent("many/a.png")))
    }
  }
#endif
