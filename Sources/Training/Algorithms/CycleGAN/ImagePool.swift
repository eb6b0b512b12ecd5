import Files
import NeuralNet
import Weights

/// The latest translations, some of which the discriminator is shown in place of the newest, so that it does not chase
/// the generator's last move (Shrivastava et al., 2017, section 2.3).
final class ImagePool {
  private let name: String
  private let capacity: Int
  private var images: [Image] = []

  /// A pool of up to `capacity` images; 0: none is kept.
  init(name: String, capacity: Int) {
    self.name = name
    self.capacity = capacity
  }

  /// An image that was let into the pool: (1, C, H, W), as the numbers of that shape.
  typealias Image = (shape: Shape, values: [Float])

  /// Lets each image of `fakes` into the pool: while it fills up, a copy stays there; afterwards, half of the time, it
  /// changes places with an older one.
  ///
  /// An older image of another size stays where it is, since the images go through the discriminator as one batch.
  func exchange(_ fakes: MutableTensorView<Float>, random: inout RandomGenerator) {
    for index in 0..<fakes.shape.n {
      let image = fakes.images(index..<index + 1)
      if let older = exchange(image.readOnly, random: &random, where: { $0 == image.shape }) {
        image.setNCHW(older.values)
      }
    }
  }

  /// Lets one image into the pool, as `exchange(_:random:)` does.
  ///
  /// - Parameter isWanted: whether an older image of this shape may come out
  /// - Returns: the older image that it has changed places with; nil: the image itself is to be shown
  func exchange(
    _ image: TensorView<Float>, random: inout RandomGenerator, where isWanted: (Shape) -> Bool
  ) -> Image? {
    guard capacity > 0 else { return nil }
    if images.count < capacity {
      images.append((image.shape, image.nchw()))
      return nil
    }
    guard random.uniform() > 0.5 else { return nil }
    let place = random.integer(below: images.count)
    let older = images[place]
    guard isWanted(older.shape) else { return nil }
    images[place] = (image.shape, image.nchw())
    return older
  }

  /// One tensor for each image, (1, C, H, W), for the checkpoint.
  package var tensors: [SafetensorsWriter.Tensor] {
    images.enumerated().map { index, image in
      .init(
        name: "\(name).\(index)", shape: [1, image.shape.c, image.shape.h, image.shape.w], floats: image.values)
    }
  }

  /// Takes back the images that `tensors` has written.
  ///
  /// - Throws: `FileError` where they are damaged
  package func load(from file: WeightsFile) throws {
    images = []
    for index in 0..<capacity {
      guard let tensor = file["\(name).\(index)"] else { return }
      guard tensor.shape.count == 4, tensor.shape[0] == 1 else {
        throw FileError(
          path: file.path,
          problem: "tensor \(FileError.quote(tensor.name)) has the shape \(tensor.shape), expected an image")
      }
      images.append((Shape(1, tensor.shape[1], tensor.shape[2], tensor.shape[3]), try file.floats(tensor.name)))
    }
  }
}
