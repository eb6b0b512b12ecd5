import DemoData
import Foundation
import TestSupport
import Testing
@testable import Images
@testable import translate_cli

/// Sizes and places of what apply may take, as a user says them.
struct ApplyMemoryTests {
  @Test(arguments: [
    ("--memory 4X", "--memory needs a size such as 4G or 512M, not 4X"),
    ("--memory 0", "not 0"), ("--memory -1G", "not -1G"), ("--memory 99999999999T", "not 99999999999T"),
    ("--overlap 64", "--overlap has no effect without --tile"),
    ("--tile 64 --overlap 4097", "--overlap needs a whole number from 0 to 4096, not 4097"),
  ])
  func wrongLines(options: String, expected: String) {
    let outcome = runInProcess(["apply", "m", "i", "--out", "o"] + options.split(separator: " ").map(String.init))
    #expect(outcome.status.rawValue == 2)
    #expect(outcome.error.contains(expected), "\(outcome.error)")
  }

  @Test func whatIsSaid() throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 2, size: 64)
    let training = "train paired data --out run --generator unet_64 --ngf 4 --ndf 4 --load-size 64 --crop-size 64"
    let trained = try BuiltProgram.run(
      (training + " --steps 1 --quiet").split(separator: " ").map(String.init), in: folder.url)
    #expect(trained.status == 0, "\(trained.errors)")
    func apply(_ options: String) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run(
        ("apply run data/train --out out --half whole " + options).split(separator: " ").map(String.init),
        in: folder.url)
    }
    let little = try apply("--memory 1M")
    #expect(little.status == 1)
    #expect(
      little.errors.contains(
        "of memory for activations, even with a scratch file, but may take only 0 kB; allow more --memory"),
      "\(little.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/facade_0001.png"))
    let tiles = try apply("--tile 64 --norm-statistics image")
    #expect(tiles.status == 0 && tiles.errors.contains("statistics are those of the whole image"), "\(tiles.errors)")
    let running = try apply("--tile 64 --norm-statistics running --memory 4G --scratch .")
    #expect(running.status == 0 && !running.errors.contains("statistics are those"), "\(running.errors)")
  }

  /// A run in `run` and a picture of 12 million pixels in `in`.
  private func large() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 2, size: 64)
    let training = "train paired data --out run --generator unet_64 --ngf 8 --ndf 4 --load-size 64 --crop-size 64"
    let trained = try BuiltProgram.run(
      (training + " --steps 1 --quiet").split(separator: " ").map(String.init), in: folder.url)
    #expect(trained.status == 0, "\(trained.errors)")
    try FileManager.default.createDirectory(atPath: folder.path + "/in", withIntermediateDirectories: true)
    let small = try PNG.read(folder.path + "/data/train/facade_0001.png")
    try PNG.write(small.resized(width: 4000, height: 3000), to: folder.path + "/in/wide.png")
    return folder
  }

  /// Ctrl-C within the only picture ends at once, and leaves nothing.
  @Test(arguments: ["", "--memory 300M", "--tile 512 --norm-statistics running"]) func stoppedWithin(options: String)
    throws
  {
    let folder = try large()
    let line = "apply run in --out out --half whole --threads 1 " + options
    let running = try BuiltProgram.start(line.split(separator: " ").map(String.init), in: folder.url)
    #expect(running.wait { running.errors.contains("image 0/1 · wide.png ") }, "\(running.errors)")
    kill(running.process.processIdentifier, SIGINT)
    let outcome = running.wait()
    #expect(outcome.status == 130 && outcome.errors.contains("0 translated in"), "\(outcome.errors)")
    #expect(outcome.errors.contains("stopped before the end") && !outcome.errors.contains("failed"))
    #expect(outcome.errors.contains("scratch file") == options.contains("memory"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out").isEmpty)
  }

  #if os(Linux)
    /// A limit on the size of files that comes when the scratch file is there: a sentence, not a signal.
    @Test func theScratchFileFillsOnTheWay() throws {
      guard FileManager.default.isExecutableFile(atPath: "/usr/bin/prlimit") else { return }
      let folder = try large()
      let running = try BuiltProgram.start(
        "apply run in --out out --half whole --threads 1 --memory 300M".split(separator: " ").map(String.init),
        in: folder.url)
      #expect(running.wait { running.errors.contains("image 0/1 · wide.png ") }, "\(running.errors)")
      let limiting = try BuiltProgram.start(
        URL(fileURLWithPath: "/usr/bin/prlimit"),
        ["--pid", "\(running.process.processIdentifier)", "--fsize=100000:100000"]
      ).wait()
      #expect(limiting.status == 0, "\(limiting.errors)")
      let outcome = running.wait()
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.errors.contains("has no room for a scratch file of "), "\(outcome.errors)")
      #expect(outcome.errors.contains("raise the limit on the size of files (ulimit -f)"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out").isEmpty)
    }
  #endif
}
