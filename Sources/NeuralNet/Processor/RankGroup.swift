import Files
import Parallel

/// The ranks that do each training step together, and which of its batch's images each of them has.
///
/// Images of a batch lie in the order of the ranks: those of the first rank, then those of the second. A rank without images
/// computes on some picture all the same, so that it takes the same way through the step, and counts for nothing.
///
/// Where a loss is a sum of independent parts and there are more ranks than images, the ranks take different parts of it: those
/// of one part share its images, as if there were no others, and gradients are added up over all.
package final class RankGroup {
  /// The way to the other ranks.
  package let link: any RankLink
  /// Parts of the loss that ranks take in turn; 1: each computes all of it.
  package private(set) var parts = 1
  /// How many images of the batch at hand each rank has.
  package private(set) var images: [Int]
  /// Why the group cannot go on; what was computed since is of no use.
  package internal(set) var failure: FileError?
  /// Whether a batch normalisation that trains has the statistics of the whole batch instead of those of this rank's images; set
  /// before anything begins.
  package var sharesStatistics = false
  let background: BackgroundProgress
  private var gathered: AlignedMemory?
  var statistics = StatisticsMemory()

  /// The group of all ranks of `link`.
  package init(_ link: any RankLink) {
    self.link = link
    images = [Int](repeating: 1, count: link.count)
    background = BackgroundProgress()
  }

  deinit { background.stop() }

  /// Shares out the parts of the loss, before anything begins.
  package func takeParts(_ count: Int) {
    precondition((1...link.count).contains(count), "at least a rank for every part")
    parts = count
  }

  /// The part of the loss that a rank computes.
  package func part(of rank: Int) -> Int { rank % parts }

  /// The ranks that compute the same part as `rank`, in order.
  package func peers(of rank: Int) -> StrideTo<Int> { stride(from: part(of: rank), to: link.count, by: parts) }

  /// A batch begins, of which each rank has `images` images.
  package func begin(images: [Int]) {
    precondition(images.count == link.count && images.contains { $0 > 0 }, "a number for each rank, not all 0")
    self.images = images
  }

  /// Images of the whole batch.
  package var whole: Int { whole(for: link.rank) }
  /// Images before those of this rank.
  package var first: Int { peers(of: link.rank).reduce(0) { $0 + ($1 < link.rank ? images[$1] : 0) } }

  private func whole(for rank: Int) -> Int { peers(of: rank).reduce(0) { $0 + images[$1] } }

  /// What a mean over the images of `rank` counts in a mean over all of them.
  package func weight(of rank: Int) -> Double { Double(images[rank]) / Double(whole(for: rank)) }

  /// Throws what has ended the group, if anything has.
  package func requireWhole() throws(FileError) { if let failure { throw failure } }

  /// Calls `body` with the images of the whole batch, of which `view` shows those of this rank: all of one size.
  ///
  /// - Parameter body: is given all, and the places of those of this rank among them
  func withWholeBatch<Result>(
    _ view: TensorView<Float>, _ body: (TensorView<Float>, Range<Int>) throws -> Result
  ) rethrows -> Result {
    let (shape, own) = (Shape(whole, view.shape.c, view.shape.h, view.shape.w), images[link.rank])
    guard failure == nil, let all = gather(view, own, shape) else { return try body(view, 0..<view.shape.n) }
    return try body(all, first..<first + own)
  }

  /// The images of all ranks; nil where the group has failed.
  private func gather(_ view: TensorView<Float>, _ own: Int, _ shape: Shape) -> TensorView<Float>? {
    let image = shape.c * shape.h * shape.w
    do {
      if (gathered?.count ?? 0) < image * shape.n { gathered = try AlignedMemory(count: image * shape.n) }
      guard let base = gathered?.base else { return nil }
      let mine = MutableTensorView(
        shape: Shape(own, shape.c, shape.h, shape.w), base: base + first * image, stride: shape.c)
      if own > 0 { mine.copy(from: view.images(0..<own)) }
      var (requests, begin): ([RankRequest], Int) = ([], 0)
      for rank in peers(of: link.rank) {
        let bytes = UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(start: base + begin * image, count: images[rank] * image))
        if rank == link.rank {
          if own > 0 {
            for other in peers(of: rank) where other != rank {
              requests.append(try link.send(UnsafeRawBufferPointer(bytes), to: other, as: .numbers))
            }
          }
        } else if images[rank] > 0 {
          requests.append(try link.receive(bytes, from: rank, as: .numbers))
        }
        begin += images[rank]
      }
      for request in requests { try link.wait(for: request) }
      return TensorView(shape: shape, base: base, stride: shape.c)
    } catch {
      failure = error as? FileError ?? FileError(path: nil, problem: "\(error)")
      return nil
    }
  }
}

extension Processor {
  /// Whether others compute other parts of the loss: gradients then wait for `TrainedNetwork.improveTogether`.
  package var sharesParts: Bool { (ranks?.parts ?? 1) > 1 }

  /// Whether a part of the loss, a sum of `RankGroup.parts`, is computed here.
  package func computes(_ part: Int) -> Bool {
    ranks.map { $0.parts == 1 || $0.part(of: $0.link.rank) == part } ?? true
  }

  /// Images of the whole batch, of which `count` are at hand.
  package func wholeBatch(_ count: Int) -> Int { ranks?.whole ?? count }

  /// Draws for every image of the batch, also for those of which others take care, so that all go on with the same random
  /// numbers.
  ///
  /// - Parameter count: images at hand
  /// - Returns: what was drawn for these
  package func drawn<Number>(_ count: Int, _ draw: () -> Number) -> [Number] {
    guard let ranks else { return (0..<count).map { _ in draw() } }
    let all = (0..<ranks.whole).map { _ in draw() }
    // A rank without images has a picture all the same.
    return (0..<count).map { all[min(ranks.first + $0, all.count - 1)] }
  }

  /// Calls `body` with all images of the batch, of which `view` shows those at hand, and the places of these among them.
  package func withWholeBatch<Result>(
    _ view: TensorView<Float>, _ body: (TensorView<Float>, Range<Int>) throws -> Result
  ) rethrows -> Result {
    guard let ranks else { return try body(view, 0..<view.shape.n) }
    return try ranks.withWholeBatch(view, body)
  }

  /// Where a pixel of the images at hand lies in the whole batch: what is drawn by position is drawn by this.
  ///
  /// - Parameters:
  ///   - shape: of the images at hand
  ///   - groups: parts of them that stand for a batch each
  func placeInBatch(_ pixel: Int, of shape: Shape, groups: Int) -> Int {
    guard let ranks else { return pixel }
    let (plane, images) = (shape.h * shape.w, shape.n / groups)
    let group = pixel / (plane * images)
    return pixel + (group * (ranks.whole - images) + ranks.first) * plane
  }
}
