import DemoData
import TestSupport
import Testing

@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Translate
@testable import Weights

/// What fewer bits do to the pictures of networks that have learnt something.
@Suite struct LowPrecisionModelTests {
  /// Grey levels, after rounding to 8 bits: the mean is at most 0.15 in bfloat16 and 0.35 with integers, and the distance to
  /// the truth moves by 0.02 at most. Seen with bfloat16 numbers: U-Net 0.098 and 0.117, ResNet 0.122 and 0.122, at most 2; with
  /// pairs of integers in their place (AVX2): 0.013 and 0.063, 0.008 and 0.008, at most 1.
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
      #expect(difference.mean > 0.001, "\(figures): fewer bits leave something")
    }
    #expect(errors.allSatisfy { abs($0 - errors[0]) <= 0.02 }, "\(name): distances to the truth \(errors)")
  }

  /// Weights that are no numbers have no steps: a sentence instead of a picture.
  @Test(arguments: [Precision.bfloat16, .int8], [Float.infinity, .nan])
  func weightsThatAreNoNumbers(_ precision: Precision, value: Float) throws {
    let scene = try ModelScene()
    let model = try GeneratorModel(try scene.model("m.safetensors", ModelScene.unet()))
    let parameter = model.network.parameters.parameters[1]
    var numbers = model.network.parameters.fileOrder(parameter)
    numbers[numbers.count / 2] = value
    model.network.parameters.setFileOrder(parameter, numbers)
    var options = Translator.Options()
    #expect(throws: Never.self) { _ = try Translator(model, options: options) }
    options.precision = precision
    let error = #expect(throws: FileError.self) { _ = try Translator(model, options: options) }
    #expect(error?.problem.contains("infinite or no numbers") == true && error?.path == scene.path("m.safetensors"))
  }

  /// What does not fit into memory is refused, since bands are single precision: the bytes of a picture do not depend on
  /// the memory at hand.
  @Test(arguments: [Precision.bfloat16, .int8]) func doesNotGoInBands(_ precision: Precision) throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet())
    var options = Translator.Options()
    options.precision = precision
    options.memory = try #require(SystemMemory.resident) + 30 << 20
    let translator = try Translator(model: model, options: options)
    var notices = 0
    translator.onScratch = { _ in notices += 1 }
    let error = #expect(throws: FileError.self) {
      _ = try translator.translate(ModelScene.noise(1400, 1210, seed: 3))
    }
    #expect(error?.problem.contains("over a scratch file in single precision alone") == true, "\(error?.problem ?? "")")
    #expect(notices == 0)
    #expect(try translator.translate(ModelScene.noise(64, 64, seed: 4)).width == 64)
  }

  /// Flat pictures and noise, of any size, in batches and alone.
  @Test(arguments: [Precision.bfloat16, .int8]) func flatPicturesAndNoise(_ precision: Precision) throws {
    let model = try GeneratorModel(fixtures.appendingPathComponent("checkpoints/trained_unet.safetensors").path)
    var options = Translator.Options()
    let exact = try Translator(model, options: options)
    options.precision = precision
    let translator = try Translator(model, options: options)
    let flat = [0, 77, 255].map {
      Picture(width: 70, height: 50, channels: 3, pixels: [UInt8](repeating: $0, count: 70 * 50 * 3))
    }
    let pictures = flat + [ModelScene.noise(70, 50, seed: 9)]
    let together = try translator.translate(pictures)
    #expect(try together == pictures.map { try translator.translate($0) })
    for (picture, other) in zip(together, try exact.translate(pictures)) {
      var difference = DifferenceHistogram()
      difference.add(picture, other)
      let figures = try #require(difference.figures)
      #expect(figures.mean < 0.5, "mean \(figures.mean), at most \(figures.largest)")
    }
  }
}
