/// The extent of a batch of images or feature maps.
///
/// Axes are named as everywhere in this package: N images, C channels, H rows, W columns. Shapes are written
/// (N, C, H, W); in memory the channels of a pixel lie together (NHWC), because every kernel runs along them.
public struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// Images.
  public var n: Int
  /// Channels.
  public var c: Int
  /// Rows.
  public var h: Int
  /// Columns.
  public var w: Int

  /// The shape (n, c, h, w).
  public init(_ n: Int, _ c: Int, _ h: Int, _ w: Int) {
    self.n = n
    self.c = c
    self.h = h
    self.w = w
  }

  /// Pixels of all images.
  public var pixels: Int { n * h * w }
  /// Numbers of all images.
  public var count: Int { pixels * c }

  /// `(N, C, H, W)`
  public var description: String { "(\(n), \(c), \(h), \(w))" }
}

/// A tensor in planned memory: pixel p, counted over all images row by row, has its channels at `base + p · stride`.
///
/// A view is valid as long as the execution that it came from.
public struct TensorView {
  /// (N, C, H, W)
  public var shape: Shape
  /// The first channel of the first pixel.
  public var base: UnsafeMutablePointer<Float>
  /// Floats from one pixel to the next; larger than C where tensors share a concatenated buffer.
  public var stride: Int

  /// A view of memory that the caller keeps alive.
  public init(shape: Shape, base: UnsafeMutablePointer<Float>, stride: Int) {
    self.shape = shape
    self.base = base
    self.stride = stride
  }

  /// The images `range` alone.
  public func images(_ range: Range<Int>) -> TensorView {
    var part = self
    part.shape.n = range.count
    part.base += range.lowerBound * shape.h * shape.w * stride
    return part
  }

  /// The channels `range` alone.
  public func channels(_ range: Range<Int>) -> TensorView {
    var part = self
    part.shape.c = range.count
    part.base += range.lowerBound
    return part
  }

  /// Copies from `other`, which has the same shape.
  public func copy(from other: TensorView) {
    assert(shape == other.shape)
    for pixel in 0..<shape.pixels {
      (base + pixel * stride).update(from: other.base + pixel * other.stride, count: shape.c)
    }
  }

  /// Adds `other`, which has the same shape.
  public func add(_ other: TensorView) {
    assert(shape == other.shape)
    for pixel in 0..<shape.pixels {
      let place = base + pixel * stride
      let source = other.base + pixel * other.stride
      for channel in 0..<shape.c { place[channel] += source[channel] }
    }
  }

  /// Sets every number to `value`.
  public func fill(_ value: Float) {
    for pixel in 0..<shape.pixels { (base + pixel * stride).update(repeating: value, count: shape.c) }
  }

  /// Reads numbers in the order (N, C, H, W), the order of files and references.
  public func setNCHW(_ values: [Float]) {
    precondition(values.count == shape.count, "as many values as the shape \(shape) says")
    forEachNCHW { index, place in place.pointee = values[index] }
  }

  /// The numbers in the order (N, C, H, W).
  public func nchw() -> [Float] {
    var values = [Float](repeating: 0, count: shape.count)
    forEachNCHW { index, place in values[index] = place.pointee }
    return values
  }

  private func forEachNCHW(_ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
    let plane = shape.h * shape.w
    for image in 0..<shape.n {
      for channel in 0..<shape.c {
        let first = (image * shape.c + channel) * plane
        let place = base + image * plane * stride + channel
        for pixel in 0..<plane { body(first + pixel, place + pixel * stride) }
      }
    }
  }
}
