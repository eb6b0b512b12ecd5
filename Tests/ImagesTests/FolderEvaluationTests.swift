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

  /// Opacity has a number of its own, and changes none of the others.
  @Test func opacityIsComparedWhereBothHaveIt() throws {
    func picture(_ level: UInt8, alpha: [UInt8]?) -> Picture {
      let picture = Picture(width: 20, height: 12, channels: 1, pixels: [UInt8](repeating: level, count: 240))
      return alpha.map(picture.withAlpha) ?? picture
    }
    let (ramp, full) = ((0..<240).map { UInt8($0) }, [UInt8](repeating: 255, count: 240))
    let plain = try ImageMetrics.compare(picture(10, alpha: nil), picture(14, alpha: nil))
    var both = try ImageMetrics.compare(picture(10, alpha: ramp), picture(14, alpha: full))
    #expect(both.opacityError == 255 - 119.5 && plain.opacityError == nil)
    // 16 bits count in units of 8.
    let deep = try ImageMetrics.compare(picture(10, alpha: ramp).converted(bitDepth: 16), picture(14, alpha: full))
    #expect(abs(try #require(deep.opacityError) - (255 - 119.5)) < 1e-9)
    both.opacityError = nil
    #expect(both == plain)
    #expect(try ImageMetrics.compare(picture(10, alpha: ramp), picture(14, alpha: nil)) == plain)
    try write(["out/c.png": 1, "ref/c.png": 1])
    for (name, alpha) in [("out/a.png", ramp), ("ref/a.png", full), ("out/b.png", full)] {
      try PNG.write(picture(10, alpha: alpha), to: folder.appendingPathComponent(name).path)
    }
    try PNG.write(picture(10, alpha: nil), to: folder.appendingPathComponent("ref/b.png").path)
    let evaluation = try FolderEvaluation.evaluate(outputs: outputs, references: references)
    #expect(evaluation.files.map(\.metrics.opacityError) == [135.5, nil, nil])
    #expect(evaluation.mean.opacityError == 135.5 && evaluation.mean.meanAbsoluteError == 0)
    let json = try JSONEncoder().encode(evaluation)
    #expect(String(decoding: json, as: UTF8.self).components(separatedBy: "opacity_mean_absolute_error").count == 3)
    #expect(try JSONDecoder().decode(FolderEvaluation.self, from: json) == evaluation)
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
