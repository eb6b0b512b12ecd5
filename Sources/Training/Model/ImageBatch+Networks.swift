import Images
import NeuralNet
import Translate

extension MutableTensorView<Float> {
  /// Writes the images of `batch`, which has this shape, black and white as `values` says.
  func set(_ batch: ImageBatch, as values: ClosedRange<Float>) {
    precondition(shape == batch.shape, "as many images, channels and pixels as the network reads")
    let reading = L1Loss.Reading.signed(as: values)
    batch.values.withUnsafeBufferPointer { numbers in
      guard let source = numbers.baseAddress else { return }
      for pixel in 0..<shape.pixels {
        for channel in 0..<shape.c {
          base[pixel * stride + channel] = reading(source[pixel * shape.c + channel])
        }
      }
    }
  }

  /// Writes the images of `batch`, which has this shape.
  func set(_ batch: ImageBatch) {
    precondition(shape == batch.shape, "as many images, channels and pixels as the network reads")
    batch.values.withUnsafeBufferPointer { values in
      guard let source = values.baseAddress else { return }
      for pixel in 0..<shape.pixels {
        (base + pixel * stride).update(from: source + pixel * shape.c, count: shape.c)
      }
    }
  }

}

extension ImageBatch {
  /// (N, C, H, W)
  var shape: Shape { Shape(count, channels, height, width) }

  /// The first picture as bytes.
  func image() -> Picture {
    values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return Picture(width: 0, height: 0, channels: channels, pixels: []) }
      return ImageTensor.image(from: base, width: width, height: height, channels: channels, pixelStride: channels)
    }
  }

  /// The same pictures with mirrored borders, so that both extents are multiples of `multiple`.
  func padded(toMultipleOf multiple: Int) -> ImageBatch {
    padded(Padding(width: width, height: height, multiple: multiple))
  }

  /// The same pictures with the borders of `padding`.
  fileprivate func padded(_ padding: Padding) -> ImageBatch {
    guard !padding.isEmpty else { return self }
    return ImageBatch(
      count: count, height: padding.paddedHeight, width: padding.paddedWidth, channels: channels,
      values: padding.apply(to: values, channels: channels), labels: labels)
  }
}

extension Shape {
  /// The shape of images with borders, as `ImageBatch.padded` makes them; `images` of them where it is given.
  func padded(toMultipleOf multiple: Int, images: Int? = nil) -> Shape {
    let padding = Padding(width: w, height: h, multiple: multiple)
    return Shape(images ?? n, c, padding.paddedHeight, padding.paddedWidth)
  }
}

extension PlannedExecutions {
  /// The network's output for the first picture of `batch`.
  package func image(_ batch: ImageBatch, sizeMultiple: Int) throws -> Picture {
    let padding = Padding(width: batch.width, height: batch.height, multiple: sizeMultiple)
    return try pictures(batch.count, channels: batch.channels, padding) { $0.set(batch.padded(padding)) }[0]
  }
}

extension ImageBatch {
  /// Calls `body` with the pictures as a tensor (N, C, H, W).
  func withView<Result>(_ body: (TensorView<Float>) throws -> Result) rethrows -> Result {
    try values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { preconditionFailure("a batch holds at least one picture") }
      return try body(TensorView(shape: shape, base: base, stride: channels))
    }
  }
}
