import DemoData
import Foundation
import TestSupport
import Testing
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
}
