import Files
import NeuralNet
import Weights

/// The latest translations, some of which the discriminator is shown in place of the newest, so that it does not chase
/// the generator's last move (Shrivastava et al., 2017, section 2.3).
final class ImagePool {
  private let name: String
  private let capacity: Int
  private var images: [Image] = []
  /// Images that the pool would hold beside them, had they not been let in elsewhere.
  private var elsewhere = 0

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
  /// - Parameter isWanted: whether an older image of this shape may come out; otherwise it stays where it is
  /// - Returns: for each the older image that it has changed places with; nil: the image itself is to be shown
  func exchange(
    _ fakes: TensorView<Float>, random: inout RandomGenerator, where isWanted: (Shape) -> Bool
  ) -> [Image?] {
    (0..<fakes.shape.n).map { exchangeOne(fakes.images($0..<$0 + 1), &random, isWanted) }
  }

  /// Draws the random numbers that letting in `count` images takes, and takes note that they were let in elsewhere.
  func passOver(_ count: Int, random: inout RandomGenerator) {
    for _ in 0..<count where capacity > 0 {
      let held = images.count + elsewhere
      if held < capacity { elsewhere += 1 } else if random.uniform() > 0.5 { _ = random.integer(below: held) }
    }
  }

  private func exchangeOne(
    _ image: TensorView<Float>, _ random: inout RandomGenerator, _ isWanted: (Shape) -> Bool
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
    (images, elsewhere) = ([], 0)
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
