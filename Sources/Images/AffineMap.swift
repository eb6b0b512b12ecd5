import Foundation

/// Where the pixels of a turned and scaled picture come from: a linear map around a centre.
package struct AffineMap: Sendable, Equatable {
  /// Rows of the matrix that leads from a place in the result, counted from its centre, to one in the source.
  private var matrix = (x: (1.0, 0.0), y: (0.0, 1.0))

  /// The map that changes nothing.
  package init() {}

  package static func == (first: AffineMap, second: AffineMap) -> Bool {
    first.matrix.x == second.matrix.x && first.matrix.y == second.matrix.y
  }

  /// Mirrors the result left to right.
  package mutating func mirror() { multiply((-1, 0), (0, 1)) }

  /// Turns the result by `count` quarters of a circle, clockwise; exact.
  package mutating func turn(quarters count: Int) {
    for _ in 0..<((count % 4) + 4) % 4 { multiply((0, 1), (-1, 0)) }
  }

  /// Turns the result by so many degrees, clockwise.
  package mutating func rotate(degrees: Double) {
    guard degrees != 0 else { return }
    let angle = degrees * .pi / 180
    multiply((cos(angle), sin(angle)), (-sin(angle), cos(angle)))
  }

  /// Makes the result `factor` times as large, above 0.
  package mutating func scale(_ factor: Double) { multiply((1 / factor, 0), (0, 1 / factor)) }

  /// Whatever comes later changes the result of what came before.
  private mutating func multiply(_ x: (Double, Double), _ y: (Double, Double)) {
    let (a, b) = (matrix.x, matrix.y)
    matrix.x = (a.0 * x.0 + a.1 * y.0, a.0 * x.1 + a.1 * y.1)
    matrix.y = (b.0 * x.0 + b.1 * y.0, b.0 * x.1 + b.1 * y.1)
  }

  /// The place in the source that the one at (`x`, `y`) from the centre shows, from the centre too.
  fileprivate func source(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    (matrix.x.0 * x + matrix.x.1 * y, matrix.y.0 * x + matrix.y.1 * y)
  }
}

extension Picture {
  /// The part in `window` as `map` turns and scales it around the middle of the window, opacity too.
  ///
  /// Between pixels it is interpolated bilinearly; places that are pixels come out as they are. Beyond the borders of the
  /// whole picture (not of the window) it is reflected at the border pixels.
  package func mapped(_ map: AffineMap, window: ImageTensor.Window) -> Picture {
    precondition(width > 0 && height > 0 && window.width > 0 && window.height > 0, "there are pixels to read")
    let middle = (x: Double(window.width - 1) / 2, y: Double(window.height - 1) / 2)
    let centre = (x: Double(window.x) + middle.x, y: Double(window.y) + middle.y)
    let count = window.width * window.height * channels
    let mapped = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      pixels.withUnsafeBufferPointer { source in
        var place = 0
        for row in 0..<window.height {
          for column in 0..<window.width {
            let from = map.source(Double(column) - middle.x, Double(row) - middle.y)
            let (x, y) = (centre.x + from.x, centre.y + from.y)
            let (left, top) = (x.rounded(.down), y.rounded(.down))
            let (right, bottom) = (x - left, y - top)
            let columns = (Padding.mirrored(Int(left), width), Padding.mirrored(Int(left) + 1, width))
            let rows = (
              Padding.mirrored(Int(top), height) * width, Padding.mirrored(Int(top) + 1, height) * width
            )
            for channel in 0..<channels {
              func sample(_ row: Int, _ column: Int) -> Double { Double(source[(row + column) * channels + channel]) }
              let upper = sample(rows.0, columns.0) * (1 - right) + sample(rows.0, columns.1) * right
              let lower = sample(rows.1, columns.0) * (1 - right) + sample(rows.1, columns.1) * right
              // A mean of bytes: in the range of bytes.
              target[place] = UInt8(min(255, (upper * (1 - bottom) + lower * bottom).rounded()))
              place += 1
            }
          }
        }
      }
      initialized = count
    }
    let opacity = alpha.map {
      Picture(width: width, height: height, channels: 1, pixels: $0).mapped(map, window: window).pixels
    }
    return Picture(width: window.width, height: window.height, channels: channels, pixels: mapped, alpha: opacity)
  }
}
