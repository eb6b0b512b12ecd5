import DemoData
import TestSupport
import Testing

@testable import Images
@testable import NeuralNet
@testable import Translate
@testable import Weights

/// What fewer bits do to the pictures of networks that have learnt something.
@Suite struct LowPrecisionModelTests {
  /// Grey levels, after rounding to 8 bits: the mean is at most 0.15 in bfloat16 and 0.35 with integers, and the distance to
  /// the truth moves by 0.02 at most. Seen with AVX2: U-Net 0.098 and 0.117, ResNet 0.124 and
  /// 0.124, at most 2.
  @Test(arguments: ["trained_unet", "trained_resnet"]) func staysCloseToSinglePrecision(_ name: String) throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder("data"), count: 16, size: 128, seed: 4)
    let model = try GeneratorModel(fixtures.appendingPathComponent("checkpoints/\(name).safetensors").path)
    var comparison = PrecisionComparison(folder("data/train"))
    comparison.half = .right
    let result = try comparison.run(try PrecisionComparison.translators(model, options: Translator.Options()))
    #expect(result.images == 16 && result.failures.isEmpty)
    let errors = try result.figures.rows.map { try #require($0.error.figures).mean }
    for (row, (mean, largest)) in zip(result.figures.rows.dropFirst(), [(0.15, 3), (0.35, 4)]) {
      let difference = try #require(row.difference.figures)
      let figures = "\(name), \(row.precision): mean \(difference.mean), at most \(difference.largest), truth \(errors)"
      #expect(difference.mean <= mean && difference.largest <= largest, "\(figures)")
      #expect(difference.mean > 0.01, "\(figures): fewer bits leave something")
    }
    #expect(errors.allSatisfy { abs($0 - errors[0]) <= 0.02 }, "\(name): distances to the truth \(errors)")
  }
}
