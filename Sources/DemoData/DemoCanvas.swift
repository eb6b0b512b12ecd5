import NeuralNet

/// A colour of the demo pictures: red, green, blue in 0 ... 1.
typealias DemoColor = SIMD3<Float>

/// What the demo pictures are drawn on: a square of 256 × 256 units at any resolution, with anti-aliased colours and,
/// beside them, one class label a pixel.
///
/// Only + - × ÷, square roots and comparisons are used: they are exact by IEEE 754, so every machine draws the same.
struct DemoCanvas {
  /// Pixels on each side.
  let size: Int
  /// Pixels a unit.
  private let scale: Float
  private var colors: [DemoColor]
  private var labels: [UInt8]

  init(size: Int) {
    self.size = size
    scale = Float(size) / 256
    colors = Array(repeating: .zero, count: size * size)
    labels = Array(repeating: 0, count: size * size)
  }

  /// Memory that a picture of this size takes on its way to a file: colours, labels, both as bytes, side by side, and as
  /// a stream.
  static func bytes(size: Int) -> Int { size * size * (MemoryLayout<DemoColor>.stride + 1 + 6 + 6 + 6) }

  /// Paints `shape` over what is there.
  ///
  /// - Parameters:
  ///   - label: the class that its pixels get; nil leaves them theirs (shadows, texture).
  ///   - opacity: how much of it covers what lies below.
  ///   - color: its colour at a position in units.
  mutating func fill(
    _ shape: DemoShape, label: UInt8? = nil, opacity: Float = 1, color: (_ x: Float, _ y: Float) -> DemoColor
  ) {
    let bounds = shape.bounds
    let columns = pixels(bounds.minX, bounds.maxX)
    let rows = pixels(bounds.minY, bounds.maxY)
    for row in rows {
      let y = (Float(row) + 0.5) / scale
      for column in columns {
        let x = (Float(column) + 0.5) / scale
        let coverage = shape.coverage(x, y, scale)
        guard coverage > 0 else { continue }
        let index = row * size + column
        colors[index] += (color(x, y) - colors[index]) * (coverage * opacity)
        if let label, coverage >= 0.5 { labels[index] = label }
      }
    }
  }

  /// Changes every colour by what is seen there and how far below the top, in units.
  mutating func relight(_ seen: (_ color: DemoColor, _ label: UInt8, _ y: Float) -> DemoColor) {
    for row in 0..<size {
      let y = (Float(row) + 0.5) / scale
      for index in row * size..<(row + 1) * size { colors[index] = seen(colors[index], labels[index], y) }
    }
  }

  /// Paints `shape` in one colour.
  mutating func fill(_ shape: DemoShape, label: UInt8? = nil, opacity: Float = 1, _ color: DemoColor) {
    fill(shape, label: label, opacity: opacity) { _, _ in color }
  }

  private func pixels(_ low: Float, _ high: Float) -> Range<Int> {
    let first = Int(min(max(low * scale - 1, 0), Float(size)))
    return first..<max(first, Int(min(max(high * scale + 2, 0), Float(size))))
  }

  /// The picture, as (H, W, 3) bytes.
  var picture: [UInt8] { Self.interleaved(colors.lazy.map(Self.bytes)) }

  /// The labels in flat colours, as (H, W, 3) bytes.
  func labelMap(_ palette: [DemoColor]) -> [UInt8] {
    let bytes = palette.map(Self.bytes)
    return Self.interleaved(labels.lazy.map { bytes[Int($0)] })
  }

  private static func interleaved(_ pixels: some Collection<SIMD3<UInt8>>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(pixels.count * 3)
    for pixel in pixels {
      bytes.append(pixel.x)
      bytes.append(pixel.y)
      bytes.append(pixel.z)
    }
    return bytes
  }

  private static func bytes(_ color: DemoColor) -> SIMD3<UInt8> {
    func byte(_ value: Float) -> UInt8 { UInt8(min(max(value, 0), 1) * 255 + 0.5) }
    return SIMD3(byte(color.x), byte(color.y), byte(color.z))
  }
}

/// Shapes of the demo pictures, in units.
enum DemoShape {
  case rectangle(x: Float, y: Float, width: Float, height: Float)
  case ellipse(x: Float, y: Float, radiusX: Float, radiusY: Float)
  /// Corners in clockwise order as seen (y points down).
  case convex([SIMD2<Float>])
  /// A rectangle whose top is a half circle.
  case arch(x: Float, y: Float, width: Float, height: Float)
  /// A line with round ends.
  case line(from: SIMD2<Float>, to: SIMD2<Float>, width: Float)
  /// What lies below `height(x)`.
  case ground(height: (Float) -> Float)

  var bounds: (minX: Float, minY: Float, maxX: Float, maxY: Float) {
    switch self {
    case .rectangle(let x, let y, let width, let height), .arch(let x, let y, let width, let height):
      return (x, y, x + width, y + height)
    case .ellipse(let x, let y, let radiusX, let radiusY):
      return (x - radiusX, y - radiusY, x + radiusX, y + radiusY)
    case .convex(let corners):
      let x = corners.map(\.x)
      let y = corners.map(\.y)
      return (x.min() ?? 0, y.min() ?? 0, x.max() ?? 0, y.max() ?? 0)
    case .line(let from, let to, let width):
      let low = pointwiseMin(from, to) - width
      let high = pointwiseMax(from, to) + width
      return (low.x, low.y, high.x, high.y)
    case .ground:
      return (0, 0, 256, 256)
    }
  }

  /// How much of the pixel around (x, y) lies inside: exact for rectangles, by the distance to the outline otherwise.
  func coverage(_ x: Float, _ y: Float, _ scale: Float) -> Float {
    switch self {
    case .rectangle(let left, let top, let width, let height):
      let across = Self.unit((x - left) * scale + 0.5) + Self.unit((left + width - x) * scale + 0.5) - 1
      let down = Self.unit((y - top) * scale + 0.5) + Self.unit((top + height - y) * scale + 0.5) - 1
      return max(across, 0) * max(down, 0)
    case .ellipse(let centerX, let centerY, let radiusX, let radiusY):
      let u = (x - centerX) / radiusX
      let v = (y - centerY) / radiusY
      return Self.unit((1 - (u * u + v * v).squareRoot()) * min(radiusX, radiusY) * scale + 0.5)
    case .convex(let corners):
      var inside = Float.infinity
      for index in corners.indices {
        let start = corners[index]
        let edge = corners[(index + 1) % corners.count] - start
        let length = (edge.x * edge.x + edge.y * edge.y).squareRoot()
        inside = min(inside, (edge.x * (y - start.y) - edge.y * (x - start.x)) / max(length, 1e-6))
      }
      return Self.unit(inside * scale + 0.5)
    case .arch(let left, let top, let width, let height):
      let radius = width / 2
      if y < top + radius {
        let dx = x - left - radius
        let dy = y - top - radius
        return Self.unit((radius - (dx * dx + dy * dy).squareRoot()) * scale + 0.5)
      }
      return DemoShape.rectangle(x: left, y: top, width: width, height: height).coverage(x, y, scale)
    case .line(let from, let to, let width):
      let along = to - from
      let offset = SIMD2(x, y) - from
      let share = Self.unit((offset * along).sum() / max((along * along).sum(), 1e-6))
      let away = offset - along * share
      return Self.unit((width / 2 - (away * away).sum().squareRoot()) * scale + 0.5)
    case .ground(let height):
      return Self.unit((y - height(x)) * scale + 0.5)
    }
  }

  private static func unit(_ value: Float) -> Float { min(max(value, 0), 1) }
}

/// Smooth pseudo-random functions of a position.
struct DemoNoise {
  /// Tells one function from another.
  var seed: UInt64

  /// A number in 0 ..< 1 for a point of the grid.
  func cell(_ x: Int, _ y: Int) -> Float {
    let position = UInt64(truncatingIfNeeded: x) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: y)
    return Float(RandomGenerator.mix(position ^ seed) >> 40) * 0x1p-24
  }

  /// Smooth between the points of the grid, in 0 ..< 1.
  func smooth(_ x: Float, _ y: Float) -> Float {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (column, row) = (Int(left), Int(top))
    let u = Self.ease(x - left)
    let v = Self.ease(y - top)
    let above = cell(column, row) * (1 - u) + cell(column + 1, row) * u
    let below = cell(column, row + 1) * (1 - u) + cell(column + 1, row + 1) * u
    return above * (1 - v) + below * v
  }

  /// Four octaves of smooth noise, about 0 ... 1 with 0.5 in the middle.
  func clouds(_ x: Float, _ y: Float) -> Float {
    var sum: Float = 0
    var weight: Float = 0.5
    var frequency: Float = 1
    for _ in 0..<4 {
      sum += weight * smooth(x * frequency, y * frequency)
      weight *= 0.5
      frequency *= 2.03
    }
    return sum / 0.9375
  }

  private static func ease(_ t: Float) -> Float { t * t * (3 - 2 * t) }
}

/// `start` where `share` is 0, `end` where it is 1.
func blend(_ start: DemoColor, _ end: DemoColor, _ share: Float) -> DemoColor {
  start + (end - start) * min(max(share, 0), 1)
}

extension RandomGenerator {
  /// A uniform number in `low` ..< `high`.
  mutating func number(_ low: Float, _ high: Float) -> Float { low + (high - low) * Float(uniform()) }

  /// Whether something happens that has this probability.
  mutating func chance(_ probability: Double) -> Bool { uniform() < probability }
}
