import Images
import NeuralNet

/// How translations in each precision differ from those in single precision and from the truth, and what they take.
package struct PrecisionFigures: Sendable, Equatable {
  /// One precision.
  package struct Row: Sendable, Equatable {
    package let precision: Precision
    /// The differences to single precision.
    package var difference = DifferenceHistogram()
    /// The differences to the truth, of pictures that have one.
    package var error = DifferenceHistogram()
    /// Of all translations but the first, which plans.
    fileprivate var time = 0.0
    fileprivate var translations = 0

    /// Seconds of a translation, without decoding and without the first one; nil where there was but one.
    package var seconds: Double? { translations > 1 ? time / Double(translations - 1) : nil }
  }

  /// In the order of `Precision`.
  package private(set) var rows = Precision.allCases.map { Row(precision: $0) }

  /// No translations yet.
  package init() {}

  /// Takes in the translations of one picture, of one size and one in each precision, with the seconds that they took.
  ///
  /// - Parameter truth: what they should be; one of another size counts for nothing
  mutating func add(_ translations: [(precision: Precision, picture: Picture, seconds: Double)], truth: Picture?) {
    guard let reference = translations.first(where: { $0.precision == .float32 })?.picture else {
      preconditionFailure("one translation is in single precision")
    }
    for (precision, picture, seconds) in translations {
      guard let index = rows.firstIndex(where: { $0.precision == precision }) else { continue }
      if precision != .float32 { rows[index].difference.add(picture, reference) }
      if let truth, truth.width == picture.width, truth.height == picture.height {
        rows[index].error.add(picture, truth)
      }
      if rows[index].translations > 0 { rows[index].time += seconds }
      rows[index].translations += 1
    }
  }
}
