import Parallel

extension GaussianNoise {
  /// Adds `deviation` times the numbers to `view`, in the order of its pixels and of their channels.
  ///
  /// - Parameters:
  ///   - groups: parts of the images that stand for a batch each
  ///   - processor: does it, and knows which images of a batch these are
  package func add(
    _ deviation: Float, to view: MutableTensorView<Float>, groups: Int = 1, _ processor: Processor
  ) {
    let shared = Shared(view)
    processor.pool.run((view.shape.pixels + Self.piece - 1) / Self.piece) { piece, _ in
      let view = shared.value
      for pixel in piece * Self.piece..<min((piece + 1) * Self.piece, view.shape.pixels) {
        let numbers = view.base + pixel * view.stride
        let place = processor.placeInBatch(pixel, of: view.shape, groups: groups) * view.shape.c
        for channel in 0..<view.shape.c { numbers[channel] += deviation * self[place: place + channel] }
      }
    }
  }

  /// Pixels of a piece of work.
  private static let piece = 1024
}
