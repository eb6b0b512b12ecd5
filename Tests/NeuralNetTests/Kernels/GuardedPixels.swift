import KernelArguments
import Testing
@testable import NeuralNet

/// Numbers at regular distances in a larger piece of memory, with marks everywhere else: a mark that a kernel overwrites
/// is noticed, and one that it reads where it should not spreads, being no number.
final class GuardedPixels {
  let pixels: Int
  let channels: Int
  let stride: Int
  private let memory: UnsafeMutableBufferPointer<Float>
  private let first: UnsafeMutablePointer<Float>
  private let marks: [Bool]
  private let mark: Float

  /// An odd number, so that nothing is aligned to vectors.
  private static let margin = 131

  /// - Parameters:
  ///   - gap: floats between the pixels
  ///   - mark: what lies between and around them; nil: a quiet NaN that no other buffer has, since sums hand it on as it is
  ///   - value: draws the numbers, pixel by pixel; nil: they are marks too
  init(
    _ pixels: Int, _ channels: Int, gap: Int = 0, mark: Float? = nil,
    value: ((_ pixel: Int, _ channel: Int) -> Float)?
  ) {
    (self.pixels, self.channels) = (pixels, channels)
    stride = channels + gap
    let count = pixels * stride + 2 * Self.margin
    memory = .allocate(capacity: count)
    // The count is positive, so there is a base.
    first = memory.baseAddress.unsafelyUnwrapped + Self.margin
    self.mark =
      mark ?? Float(bitPattern: 0x7FC0_0001 | UInt32(truncatingIfNeeded: UInt(bitPattern: first) >> 4) & 0x3F_FFFE)
    memory.initialize(repeating: self.mark)
    var isMark = [Bool](repeating: true, count: count)
    for pixel in 0..<pixels {
      for channel in 0..<channels {
        isMark[Self.margin + pixel * stride + channel] = false
        if let value { first[pixel * stride + channel] = value(pixel, channel) }
      }
    }
    marks = isMark
  }

  deinit { memory.deallocate() }

  var base: UnsafeMutablePointer<Float> { first }
  var view: PixelView { PixelView(first, stride: stride) }

  /// Pixel by pixel.
  var values: [Float] { (0..<pixels * channels).map { first[$0 / channels * stride + $0 % channels] } }

  subscript(pixel: Int, channel: Int) -> Double { Double(first[pixel * stride + channel]) }

  /// Where pixel `pixel` begins.
  func offset(_ pixel: Int) -> Int32 { Int32(pixel * stride) }

  /// Whether nothing around the numbers has changed.
  var isIntact: Bool {
    zip(memory, marks).allSatisfy { !$1 || $0.bitPattern == mark.bitPattern }
  }
}

/// A sum in Double, and the sum of the sizes of its terms: what rounding errors are proportional to.
struct ExactSum {
  var value = 0.0
  var size = 0.0

  init(_ term: Double = 0) { self += term }

  static func += (sum: inout ExactSum, term: Double) {
    sum.value += term
    sum.size += abs(term)
  }

  static func * (sum: ExactSum, factor: Double) -> ExactSum {
    var product = ExactSum()
    product.value = sum.value * factor
    product.size = sum.size * abs(factor)
    return product
  }

  static func + (a: ExactSum, b: ExactSum) -> ExactSum {
    var sum = a
    sum.value += b.value
    sum.size += b.size
    return sum
  }
}

/// Compares every number by itself, so that one wrong lane is not lost among many; the error is relative to the sizes of
/// the terms. A number whose terms are all 0 must be 0.
func expect(
  _ name: String, _ actual: [Float], _ exact: [ExactSum], _ tolerance: Double,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == exact.count else {
    Issue.record("\(name): \(actual.count) numbers instead of \(exact.count)", sourceLocation: sourceLocation)
    return
  }
  var worst = (error: 0.0, index: 0)
  for (index, (number, sum)) in zip(actual, exact).enumerated() {
    let distance = abs(Double(number) - sum.value)
    let error = distance == 0 ? 0 : distance / sum.size
    // What is no number compares as false.
    if !(error <= worst.error) { worst = (error, index) }
    if error.isNaN { break }
  }
  let (error, index) = worst
  #expect(
    error <= tolerance,
    "\(name): number \(index) is \(actual[index]) instead of \(exact[index].value), relative error \(error)",
    sourceLocation: sourceLocation)
}

func expectIntact(_ name: String, _ pixels: [GuardedPixels?], sourceLocation: SourceLocation = #_sourceLocation) {
  for (index, one) in pixels.enumerated() {
    #expect(one?.isIntact != false, "\(name): memory around buffer \(index)", sourceLocation: sourceLocation)
  }
}

extension KernelTable: CustomTestStringConvertible {
  /// Its name.
  public var testDescription: String { name }
}

extension RandomGenerator {
  /// −1 ... 1
  mutating func number() -> Float { Float(uniform() * 2 - 1) }

  /// 0 ..< count
  mutating func index(_ count: Int) -> Int { min(count - 1, Int(uniform() * Double(count))) }
}
