import Images
import NeuralNet
import Translate

extension MutableTensorView<Float> {
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
    let padding = Padding(width: width, height: height, multiple: multiple)
    guard !padding.isEmpty else { return self }
    var padded: [Float] = []
    padded.reserveCapacity(count * padding.paddedWidth * padding.paddedHeight * channels)
    for image in 0..<count {
      for row in 0..<padding.paddedHeight {
        let line = (image * height + padding.sourceRow(row)) * width
        for column in 0..<padding.paddedWidth {
          let pixel = (line + padding.sourceColumn(column)) * channels
          padded.append(contentsOf: values[pixel..<pixel + channels])
        }
      }
    }
    return ImageBatch(
      count: count, height: padding.paddedHeight, width: padding.paddedWidth, channels: channels, values: padded)
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
  /// The network's output for the first picture of `batch`, padded on the way in and cropped on the way out.
  package func image(_ batch: ImageBatch, sizeMultiple: Int) throws -> Picture {
    let padding = Padding(width: batch.width, height: batch.height, multiple: sizeMultiple)
    let input = batch.padded(toMultipleOf: sizeMultiple)
    let execution = try self(input.shape)
    execution.input.set(input)
    execution.forward()
    return execution.output.image()
      .cropped(x: padding.left, y: padding.top, width: batch.width, height: batch.height)
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
