// Views of planned memory. Pixel p, counted over all images row by row, has its channels at `base + p · stride`.
//
// How long they live: a view is of the memory that an execution plans in. It is valid until another execution is planned
// or used in the same arena, and what it shows is what its execution's last pass has left there; `Execution` says which
// view may be asked for when, and traps otherwise.

/// A tensor that may be read.
package struct TensorView<Element> {
  /// (N, C, H, W)
  package let shape: Shape
  /// The first channel of the first pixel.
  package let base: UnsafePointer<Element>
  /// Numbers from one pixel to the next; more than C where tensors share a concatenated buffer.
  package let stride: Int

  /// A view of memory that the caller keeps alive.
  package init(shape: Shape, base: UnsafePointer<Element>, stride: Int) {
    self.shape = shape
    self.base = base
    self.stride = stride
  }

  /// The images `range` alone.
  package func images(_ range: Range<Int>) -> TensorView {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape.n, "a part of a batch lies within it")
    return TensorView(
      shape: Shape(range.count, shape.c, shape.h, shape.w),
      base: base + range.lowerBound * shape.h * shape.w * stride, stride: stride)
  }

  /// The channels `range` alone.
  package func channels(_ range: Range<Int>) -> TensorView {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape.c, "a part of the channels lies among them")
    return TensorView(
      shape: Shape(shape.n, range.count, shape.h, shape.w), base: base + range.lowerBound, stride: stride)
  }

  /// The numbers in the order (N, C, H, W), the order of files and references.
  package func nchw() -> [Element] {
    let plane = shape.h * shape.w
    return [Element](unsafeUninitializedCapacity: shape.count) { values, count in
      for image in 0..<shape.n {
        for channel in 0..<shape.c {
          let first = (image * shape.c + channel) * plane
          let place = base + image * plane * stride + channel
          for pixel in 0..<plane { values.initializeElement(at: first + pixel, to: place[pixel * stride]) }
        }
      }
      count = shape.count
    }
  }
}

/// A tensor that may be read and written.
package struct MutableTensorView<Element> {
  /// (N, C, H, W)
  package let shape: Shape
  /// The first channel of the first pixel.
  package let base: UnsafeMutablePointer<Element>
  /// Numbers from one pixel to the next; more than C where tensors share a concatenated buffer.
  package let stride: Int

  /// A view of memory that the caller keeps alive.
  package init(shape: Shape, base: UnsafeMutablePointer<Element>, stride: Int) {
    self.shape = shape
    self.base = base
    self.stride = stride
  }

  /// The same tensor for those who only read.
  package var readOnly: TensorView<Element> { TensorView(shape: shape, base: base, stride: stride) }

  /// The images `range` alone.
  package func images(_ range: Range<Int>) -> MutableTensorView {
    let part = readOnly.images(range)
    return MutableTensorView(shape: part.shape, base: UnsafeMutablePointer(mutating: part.base), stride: stride)
  }

  /// The channels `range` alone.
  package func channels(_ range: Range<Int>) -> MutableTensorView {
    let part = readOnly.channels(range)
    return MutableTensorView(shape: part.shape, base: UnsafeMutablePointer(mutating: part.base), stride: stride)
  }

  /// Copies from `other`, which has the same shape.
  package func copy(from other: TensorView<Element>) {
    requireShape(of: other)
    for pixel in 0..<shape.pixels {
      (base + pixel * stride).update(from: other.base + pixel * other.stride, count: shape.c)
    }
  }

  /// Sets every number to `value`.
  package func fill(_ value: Element) {
    for pixel in 0..<shape.pixels { (base + pixel * stride).update(repeating: value, count: shape.c) }
  }

  /// Reads numbers in the order (N, C, H, W), the order of files and references.
  package func setNCHW(_ values: [Element]) {
    precondition(values.count == shape.count, "as many values as the shape \(shape) says")
    let plane = shape.h * shape.w
    for image in 0..<shape.n {
      for channel in 0..<shape.c {
        let first = (image * shape.c + channel) * plane
        let place = base + image * plane * stride + channel
        for pixel in 0..<plane { place[pixel * stride] = values[first + pixel] }
      }
    }
  }

  /// The numbers in the order (N, C, H, W).
  package func nchw() -> [Element] { readOnly.nchw() }

  private func requireShape(of other: TensorView<Element>) {
    precondition(shape == other.shape, "tensors of one shape, not \(shape) and \(other.shape)")
  }
}

extension MutableTensorView where Element == Float {
  /// Adds `other`, which has the same shape.
  package func add(_ other: TensorView<Float>) {
    requireShape(of: other)
    for pixel in 0..<shape.pixels {
      let place = base + pixel * stride
      let source = other.base + pixel * other.stride
      for channel in 0..<shape.c { place[channel] += source[channel] }
    }
  }
}
