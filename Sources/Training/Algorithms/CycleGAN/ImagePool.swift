import Files
import NeuralNet
import Weights

/// The latest translations, some of which the discriminator is shown in place of the newest, so that it does not chase
/// the generator's last move (Shrivastava et al., 2017, section 2.3).
final class ImagePool {
  private let name: String
  private let capacity: Int
  private var images: [(shape: Shape, values: [Float])] = []

  /// A pool of up to `capacity` images; 0: none is kept.
  init(name: String, capacity: Int) {
    self.name = name
    self.capacity = capacity
  }

  /// Lets each image of `fakes` into the pool: while it fills up, a copy stays there; afterwards, half of the time, it
  /// changes places with an older one.
  ///
  /// An older image of another size stays where it is, since real and generated images go through the discriminator as one batch.
  func exchange(_ fakes: MutableTensorView<Float>, random: inout RandomGenerator) {
    guard capacity > 0 else { return }
    for index in 0..<fakes.shape.n {
      let image = fakes.images(index..<index + 1)
      if images.count < capacity {
        images.append((image.shape, image.nchw()))
      } else if random.uniform() > 0.5 {
        let place = random.integer(below: images.count)
        guard images[place].shape == image.shape else { continue }
        let older = images[place].values
        images[place].values = image.nchw()
        image.setNCHW(older)
      }
    }
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
