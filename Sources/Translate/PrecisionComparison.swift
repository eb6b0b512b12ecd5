import Files
import Foundation
import Images
import NeuralNet

/// What fewer bits do to the translations of one model: pictures in every `Precision`, one after another and in memory,
/// compared with those in single precision.
package struct PrecisionComparison: Sendable {
  /// A folder or a file.
  package var input: String
  /// Whether pictures in sub-folders count.
  package var recursive = false
  /// Pictures that are translated at most, one of `counts`: spread evenly over the folder.
  package var count = 20
  /// Which half of side-by-side pictures is translated; the other one is taken for the truth. nil: the whole picture.
  package var half: ImageHalf?
  /// Under which labels; `.none` where the model was trained without.
  package var labels = FolderTranslation.Labels.none
  /// The largest picture that is read.
  package var limit = ImageLimit.default

  /// Numbers of pictures that can be asked for.
  package static let counts = 1...1_000_000

  /// A comparison with the pictures of `input`.
  package init(_ input: String) { self.input = input }

  /// How far it is.
  package struct Progress: Sendable {
    /// Pictures that are through, failures included.
    package var done: Int
    /// All pictures.
    package var total: Int
    /// The picture at hand, or that has just failed.
    package var path: String
    /// In which precision it is being translated; nil: it is through.
    package var precision: Precision?
    /// How much of this translation is done, from 0 to 1.
    package var part = 0.0
    /// Why it could not be translated.
    package var failure: FileError?
  }

  /// What came out.
  package struct Result: Sendable, Equatable {
    /// The figures of the pictures that were translated.
    package var figures = PrecisionFigures()
    /// Pictures that were translated in every precision.
    package var images = 0
    /// Why others could not be.
    package var failures: [FileError] = []
    /// Whether it was asked to stop before the end.
    package var isInterrupted = false
  }

  /// A translator for each precision, which share the weights; what comes out has 8 bits a sample.
  ///
  /// - Throws: `FileError` as `Translator.init`
  package static func translators(_ model: GeneratorModel, options: Translator.Options) throws -> [Translator] {
    try Precision.allCases.map { precision in
      var options = options
      (options.precision, options.bitDepth) = (precision, .eight)
      return try Translator(model, options: options)
    }
  }

  /// The half of the pictures that the model was trained on, where they lie side by side as in its training; nil: they do not.
  ///
  /// - Throws: `FileError` where only some of them look like that, or there are none
  package func trainedHalf(of model: GeneratorModel) throws -> ImageHalf? {
    try model.metadata.trainedHalf(of: FolderTranslation.sources(of: input, recursive: recursive).entries.map(\.path))
  }

  /// Translates and compares; a picture that cannot be read is told of and passed over.
  ///
  /// - Parameters:
  ///   - translators: those of `translators(_:options:)`
  ///   - shouldStop: asked before every translation, and on the way through it
  ///   - report: called at the beginning of every translation and on the way, and for every picture
  /// - Throws: `FileError` where there is nothing to translate, a label is missing or unknown, or the number of pictures
  ///   cannot be
  package func run(
    _ translators: [Translator], shouldStop: () -> Bool = { false }, report: (Progress) -> Void = { _ in }
  ) throws -> Result {
    try FileError.require(count, in: Self.counts, "pictures")
    for label in labels.choices { _ = try translators.first?.place(of: label) }
    let paths = Self.spread(
      try FolderTranslation.sources(of: input, recursive: recursive).entries.map(\.path), over: count)
    var result = Result()
    for (index, path) in paths.enumerated() {
      var progress = Progress(done: index, total: paths.count, path: path)
      do {
        let whole = try PNG.read(path, limit: limit)
        // All or nothing: a picture that fails on the way counts nowhere.
        var figures = result.figures
        for label in labels.choices {
          let outputs = try translators.map { translator in
            progress.precision = translator.options.precision
            return try timed {
              try translate(whole, label, translator) { part in
                if shouldStop() { throw Interrupted() }
                progress.part = part
                report(progress)
              }
            }
          }
          figures.add(
            zip(translators, outputs).map { ($0.options.precision, $1.picture, $1.seconds) },
            truth: truth(in: whole))
        }
        result.figures = figures
        result.images += 1
      } catch is Interrupted {
        result.isInterrupted = true
        return result
      } catch var error as FileError {
        if error.path == nil { error.path = path }
        result.failures.append(error)
        progress.failure = error
      }
      (progress.done, progress.precision, progress.part) = (index + 1, nil, 0)
      report(progress)
    }
    return result
  }

  private struct Interrupted: Error {}

  private func translate(
    _ whole: Picture, _ label: String?, _ translator: Translator, atPart: (Double) throws -> Void
  ) throws -> Picture {
    try atPart(0)
    return try translator.translate(
      [half.map(whole.half) ?? whole], names: [], labels: [label], filledTo: 0, atPart: atPart)[0]
  }

  private func timed(_ translate: () throws -> Picture) rethrows -> (picture: Picture, seconds: Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let picture = try translate()
    return (picture, start.duration(to: clock.now) / .seconds(1))
  }

  /// What a translation should be; nil: unknown. Under a label of its own choice a picture has none.
  private func truth(in whole: Picture) -> Picture? {
    guard let half, case .none = labels else { return nil }
    return whole.half(half == .left ? .right : .left)
  }

  /// At most `count` of `paths`, at equal distances.
  static func spread(_ paths: [String], over count: Int) -> [String] {
    guard paths.count > count else { return paths }
    return (0..<count).map { paths[$0 * paths.count / count] }
  }
}

extension FolderTranslation.Labels {
  /// The labels under which each picture is translated; nil stands for none.
  var choices: [String?] {
    switch self {
    case .none: [nil]
    case .one(let name): [name]
    case .each(let names): names
    }
  }
}
