import Foundation
import TestSupport
import Testing
import DemoData
import Images
import Training
import Translate

// The code between the lines is that of README.md, word for word; a test compares them.
// README begins
/// Trains a small model and translates one picture with it, in memory.
func example(data: String, run: String, picture: Picture) throws -> Picture {
  var configuration = TrainingConfiguration.paired
  configuration.generator = .unet(levels: 5)
  configuration.ngf = 8
  configuration.loadSize = 40
  configuration.cropSize = 32
  configuration.steps = 3

  let session = try TrainingSession(starting: configuration, data: data, run: run)
  _ = try session.train(shouldStop: { false }) { progress in
    print(progress.step, progress.losses.map { "\($0.name) \($0.value)" })
  }

  let translator = try Translator(model: run)
  return try translator.translate(picture)
}
// README ends

@Suite struct ReadmeExampleTests {
  private let root = fixtures.deletingLastPathComponent()

  @Test func itRuns() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("readme-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let data = folder.appendingPathComponent("data").path
    try DemoData.writePaired(to: data, count: 4, size: 64, seed: 0)
    let picture = Picture(width: 50, height: 40, channels: 3, pixels: [UInt8](repeating: 90, count: 50 * 40 * 3))
    let output = try example(data: data, run: folder.appendingPathComponent("run").path, picture: picture)
    #expect(output.width == 50 && output.height == 40 && output.channels == 3)
    #expect(output != picture)
  }

  @Test func itStandsInTheReadme() throws {
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let parts = source.components(separatedBy: "// README ")
    // The words occur once more in this very test.
    let code = try #require(parts.count > 2 ? parts[1].dropFirst("begins\n".count) : nil)
    #expect(readme.contains("```swift\nimport Training\nimport Translate\n\n" + code + "```"))
  }
}
