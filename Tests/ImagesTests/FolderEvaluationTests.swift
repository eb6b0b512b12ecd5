import Foundation
import TestSupport
import Testing
@testable import Images

@Suite final class FolderEvaluationTests {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("evaluation-\(UUID())")

  deinit { try? FileManager.default.removeItem(at: folder) }

  var outputs: String { folder.appendingPathComponent("out").path }
  var references: String { folder.appendingPathComponent("ref").path }

  /// Writes pictures of one level and 12 × 12 pixels (or of the given width) under a path like "out/a.png".
  func write(_ files: [String: UInt8], width: Int = 12) throws {
    for (name, level) in files {
      let url = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      let image = Picture(width: width, height: 12, channels: 1, pixels: [UInt8](repeating: level, count: 12 * width))
      try PNG.write(image, to: url.path)
    }
  }

  @Test func pairsMeansAndMissingPartners() throws {
    try write([
      "out/a10.png": 10, "out/a2.png": 50, "out/deep/x.png": 9, "out/only.png": 1, "out/.hidden.png": 0,
      "ref/a10.png": 14, "ref/a2.PNG": 40, "ref/deep/x.png": 9, "ref/other.png": 1,
    ])
    let flat = try FolderEvaluation.evaluate(outputs: outputs, references: references)
    #expect(flat.files.map(\.name) == ["a2.png", "a10.png"])
    #expect(flat.files.map(\.metrics.meanAbsoluteError) == [10, 4])
    #expect(flat.mean.meanAbsoluteError == 7)
    #expect(flat.mean.psnr == (flat.files[0].metrics.psnr + flat.files[1].metrics.psnr) / 2)
    #expect(flat.withoutReference == ["only.png"])
    #expect(flat.withoutOutput == ["other.png"])
    let deep = try FolderEvaluation.evaluate(outputs: outputs + "/", references: references, recursive: true)
    #expect(deep.files.map(\.name) == ["a2.png", "a10.png", "deep/x.png"])
    #expect(deep.mean.psnr == .infinity)
    let json = try JSONEncoder().encode(deep)
    #expect(try JSONDecoder().decode(FolderEvaluation.self, from: json) == deep)
  }

  @Test func twoFilesOfDifferentNames() throws {
    try write(["out/a.png": 10, "ref/b.png": 13])
    let evaluation = try FolderEvaluation.evaluate(outputs: outputs + "/a.png", references: references + "/b.png")
    #expect(evaluation.files.map(\.name) == ["a.png"])
    #expect(evaluation.mean.meanAbsoluteError == 3)
    #expect(evaluation.withoutReference.isEmpty && evaluation.withoutOutput.isEmpty)
  }

  @Test func unequalSizesNameBothFiles() throws {
    try write(["out/a.png": 1, "out/b.png": 1, "ref/a.png": 1])
    try write(["ref/b.png": 1], width: 13)
    let error = fileError { _ = try FolderEvaluation.evaluate(outputs: outputs, references: references) }
    #expect(
      error?.description
        == "\(outputs)/b.png: has 12 × 12 pixels but its reference \(references)/b.png has 13 × 12; bring them to one size"
    )
  }

  @Test func nothingToCompare() throws {
    try write(["out/a.png": 1, "ref/b.png": 1])
    let error = fileError { _ = try FolderEvaluation.evaluate(outputs: outputs, references: references) }
    #expect(error?.problem == "no PNG file in it has a partner of the same name in \(references)")
    let missing = folder.appendingPathComponent("nowhere").path
    #expect(fileError { _ = try FolderEvaluation.evaluate(outputs: outputs, references: missing) }?.path == missing)
  }

  @Test func aBrokenFileIsNamed() throws {
    try write(["out/a.png": 1, "ref/a.png": 1])
    try Data("no".utf8).write(to: URL(fileURLWithPath: references + "/a.png"))
    let error = fileError { _ = try FolderEvaluation.evaluate(outputs: outputs, references: references) }
    #expect(error?.path == references + "/a.png")
  }
}
