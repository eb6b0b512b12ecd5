import Foundation
import Files
import NeuralNet

/// Where the checked-in reference files lie.
package let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("Fixtures")

/// A file of reference numbers, by name.
package struct Golden {
  private let file: SafetensorsFile

  /// Opens `Fixtures/golden/NAME.safetensors`.
  package init(_ name: String) throws {
    file = try SafetensorsFile(path: fixtures.appendingPathComponent("golden/\(name).safetensors").path)
  }

  /// The numbers of a tensor in file order.
  package func floats(_ name: String) throws -> [Float] { try file.floats(name) }

  /// The shape of a four-dimensional tensor.
  package func shape(_ name: String) throws -> Shape {
    guard let shape = file[name]?.shape, shape.count == 4 else {
      throw FileError(path: file.path, problem: "no tensor \(name) with four axes")
    }
    return Shape(shape[0], shape[1], shape[2], shape[3])
  }

  /// Whether there is such a tensor.
  package func contains(_ name: String) -> Bool { file[name] != nil }

  /// All names.
  package var names: [String] { file.tensors.map(\.name) }

  /// What the file says about itself.
  package var metadata: [String: String] { file.metadata }
}

/// ‖a − b‖ / ‖b‖ in Double; ‖a‖ where b is 0; infinite where the counts differ or something is not a number.
package func relativeError(_ a: [Float], _ b: [Float]) -> Double {
  guard a.count == b.count else { return .infinity }
  var distance = 0.0
  var norm = 0.0
  for (x, y) in zip(a, b) {
    distance += (Double(x) - Double(y)) * (Double(x) - Double(y))
    norm += Double(y) * Double(y)
  }
  let error = norm > 0 ? (distance / norm).squareRoot() : distance.squareRoot()
  return error.isNaN ? .infinity : error
}

/// Whether a relative error stays below its tolerance, with the measured error in its description.
package struct Closeness: CustomStringConvertible {
  /// What was compared.
  package var what: String
  /// The measured relative error.
  package var error: Double
  /// The tolerance.
  package var tolerance: Double
  /// Whether the error is below the tolerance.
  package var holds: Bool { error < tolerance }
  /// The figures in words.
  package var description: String { "\(what): relative error \(error), tolerance \(tolerance)" }

  /// Compares `actual` with `expected`.
  package init(_ what: String, _ actual: [Float], _ expected: [Float], _ tolerance: Double) {
    self.what = what
    self.tolerance = tolerance
    error = relativeError(actual, expected)
  }
}
