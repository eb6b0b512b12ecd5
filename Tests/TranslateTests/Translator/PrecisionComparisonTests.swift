import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Translate
@testable import Weights

@Suite struct PrecisionComparisonTests {
  private func flat(_ value: UInt8, _ width: Int = 4) -> Picture {
    Picture(width: width, height: 2, channels: 1, pixels: [UInt8](repeating: value, count: 2 * width))
  }

  @Test func figuresAreAgainstSinglePrecision() throws {
    var figures = PrecisionFigures()
    func add(_ values: [UInt8], seconds: Double, truth: Picture?) {
      figures.add(
        zip(Precision.allCases, values).map { ($0, flat($1), seconds) }, truth: truth)
    }
    // Seconds of the first are those of planning.
    add([100, 101, 104], seconds: 50, truth: flat(90))
    #expect(figures.rows.map(\.seconds) == [nil, nil, nil])
    add([100, 100, 98], seconds: 2, truth: nil)
    add([100, 100, 100], seconds: 4, truth: flat(0, 3))
    #expect(figures.rows.map(\.precision) == [.float32, .bfloat16, .int8])
    #expect(figures.rows.map(\.seconds) == [3, 3, 3])
    #expect(figures.rows[0].difference.figures == nil)
    #expect(figures.rows[1].difference.figures?.mean == 1.0 / 3 && figures.rows[1].difference.figures?.largest == 1)
    #expect(figures.rows[2].difference.figures?.mean == 2 && figures.rows[2].difference.figures?.largest == 4)
    // The second has no truth, that of the third is of another size.
    #expect(figures.rows.map { $0.error.figures?.mean } == [10, 11, 14])
  }

  @Test func picturesAreSpreadOverTheFolder() {
    let paths = (0..<10).map { "\($0)" }
    #expect(PrecisionComparison.spread(paths, over: 4) == ["0", "2", "5", "7"])
    #expect(
      PrecisionComparison.spread(paths, over: 10) == paths && PrecisionComparison.spread(paths, over: 99) == paths)
  }

  /// A model, side-by-side pictures, and one that is damaged.
  private func scene() throws -> (ModelScene, GeneratorModel, PrecisionComparison) {
    let scene = try ModelScene()
    let model = try GeneratorModel(try scene.model("m.safetensors", ModelScene.unet()))
    try FileManager.default.createDirectory(atPath: scene.path("in"), withIntermediateDirectories: true)
    for index in 0..<3 {
      let name = "in/\(index).png"
      try PNG.write(ModelScene.noise(140, 60 + 8 * index, seed: UInt64(index)), to: scene.path(name))
    }
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: scene.path("in/9.png")))
    var comparison = PrecisionComparison(scene.path("in"))
    comparison.half = .left
    return (scene, model, comparison)
  }

  /// The same numbers as of translations one by one.
  @Test func comparesWhatTheTranslatorsMake() throws {
    let (scene, model, comparison) = try scene()
    defer { withExtendedLifetime(scene) {} }
    var options = Translator.Options()
    options.threads = 2
    let translators = try PrecisionComparison.translators(model, options: options)
    #expect(translators.map(\.options.precision) == Precision.allCases)
    var seen: [String] = []
    let result = try comparison.run(
      translators,
      report: { progress in
        let word = "\(progress.done)\(progress.precision?.rawValue ?? "")"
        if seen.last != word { seen.append(word) }
        #expect(progress.total == 4)
      })
    #expect(result.images == 3 && !result.isInterrupted)
    #expect(result.failures.map(\.path) == [scene.path("in/9.png")])
    #expect(seen.prefix(4) == ["0f32", "0bf16", "0int8", "1"] && seen.last == "4")

    var expected = [(DifferenceHistogram(), DifferenceHistogram())]
    expected += [expected[0], expected[0]]
    for index in 0..<3 {
      let whole = ModelScene.noise(140, 60 + 8 * index, seed: UInt64(index))
      let outputs = try Precision.allCases.map { precision in
        var options = Translator.Options()
        options.precision = precision
        return try Translator(model, options: options).translate(whole.half(.left))
      }
      for (place, output) in outputs.enumerated() {
        if place > 0 { expected[place].0.add(output, outputs[0]) }
        expected[place].1.add(output, whole.half(.right))
      }
    }
    #expect(result.figures.rows.map(\.difference) == expected.map(\.0))
    #expect(result.figures.rows.map(\.error) == expected.map(\.1))
    #expect(result.figures.rows.allSatisfy { ($0.error.figures?.mean ?? 0) > 10 && ($0.seconds ?? 0) > 0 })
  }

  @Test func countsAndStops() throws {
    let (scene, model, comparison) = try scene()
    defer { withExtendedLifetime(scene) {} }
    let translators = try PrecisionComparison.translators(model, options: .init())
    var few = comparison
    (few.count, few.half) = (2, nil)
    let result = try few.run(translators)
    #expect(result.images == 2 && result.failures.isEmpty && result.figures.rows[0].error.figures == nil)
    few.count = 0
    #expect(throws: FileError.self) { try few.run(translators) }
    // In the second picture's second translation: the first picture counts, the second one nowhere.
    var now = (picture: 0, precision: Precision?.none)
    let stopped = try comparison.run(translators, shouldStop: { now.picture == 1 && now.precision == .bfloat16 }) {
      now = ($0.done, $0.precision)
    }
    #expect(stopped.isInterrupted && stopped.images == 1 && stopped.failures.isEmpty)
    var once = PrecisionComparison(comparison.input)
    (once.count, once.half) = (1, .left)
    let one = try once.run(translators)
    #expect(stopped.figures.rows.map(\.difference) == one.figures.rows.map(\.difference))
    #expect(stopped.figures.rows.map(\.error) == one.figures.rows.map(\.error))
  }

  /// What was rounded when it was written translates like the same numbers in single precision.
  @Test(arguments: Precision.allCases) func halfFilesTranslateLikeWholeOnes(_ precision: Precision) throws {
    let scene = try ModelScene()
    defer { withExtendedLifetime(scene) {} }
    let original = try scene.model("m.safetensors", ModelScene.unet())
    let (half, whole) = (scene.path("half.pth"), scene.path("whole.safetensors"))
    try WeightsConversion.convert(path: original, to: half, precision: .bfloat16)
    try WeightsConversion.convert(path: half, to: whole, precision: .float32)
    let picture = ModelScene.noise(70, 66, seed: 3)
    var options = Translator.Options()
    options.precision = precision
    let outputs = try [original, half, whole].map { path in
      try Translator(model: path, options: options).translate(picture)
    }
    #expect(outputs[1] == outputs[2])
    #expect(precision != .float32 || outputs[0] != outputs[1], "rounding changes something")
  }
}
