import Files
import Images

/// Some pictures of one size as a network takes them: (N, H, W, C) floats in [-1, 1].
///
/// It only grows by whole pictures, so that whoever walks its samples by pointer can trust their number.
package struct ImageBatch: Sendable, Equatable {
  /// How many pictures (N).
  package private(set) var count: Int
  /// Rows (H).
  package private(set) var height: Int
  /// Pixels in a row (W).
  package private(set) var width: Int
  /// 1 or 3 (C).
  package private(set) var channels: Int
  /// `N × H × W × C` samples: pictures one after another, rows from top to bottom, channels interleaved.
  package private(set) var values: [Float]
  /// The label of each picture, by its place among those of the data; none where pictures have none.
  package private(set) var labels: [Int] = []

  /// A batch without pictures, which takes over the memory of `values`.
  init(reusing values: consuming [Float] = []) {
    count = 0
    height = 0
    width = 0
    channels = 0
    self.values = values
    self.values.removeAll(keepingCapacity: true)
  }

  /// A batch of the given samples; traps where their number, or that of labels, does not fit.
  init(count: Int, height: Int, width: Int, channels: Int, values: [Float], labels: [Int] = []) {
    precondition(
      count >= 0 && values.count == count * Picture.sampleCount(width: width, height: height, channels: channels)
        && (labels.isEmpty || labels.count == count),
      "samples do not fit the batch")
    self.labels = labels
    (self.count, self.height, self.width, self.channels) = (count, height, width, channels)
    self.values = values
  }

  /// A batch of one picture.
  init(_ image: Picture) {
    self.init()
    append(image, .all(of: image), flipped: false)
  }

  /// Adds the part of `image` in `window`, mirrored where `flipped`; a batch that holds pictures has its size and
  /// channels, and labels if they have.
  mutating func append(_ image: Picture, _ window: ImageTensor.Window, flipped: Bool, label: Int? = nil) {
    if count == 0 { (height, width, channels) = (window.height, window.width, image.channels) }
    precondition(
      height == window.height && width == window.width && channels == image.channels,
      "pictures of a batch have one size and as many channels")
    precondition(count == labels.count || label == nil, "all pictures of a batch have labels, or none")
    if let label { labels.append(label) }
    let start = values.count
    values.append(contentsOf: repeatElement(0, count: height * width * channels))
    values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      ImageTensor.write(image, window: window, flipped: flipped, to: base + start, pixelStride: image.channels)
    }
    count += 1
  }

  /// Takes the last pictures away again, so that `count` are left.
  mutating func shrink(to count: Int) {
    precondition((0...self.count).contains(count), "a batch shrinks to some of its pictures")
    self.count = count
    values.removeLast(values.count - count * height * width * channels)
    labels.removeLast(max(0, labels.count - count))
    if count == 0 { (height, width, channels) = (0, 0, 0) }
  }
}

/// What one training step is fed with.
package struct Batch: Sendable, Equatable {
  /// The pictures to translate.
  package var input: ImageBatch
  /// What they should become; unpaired: pictures of the other side, in no relation to the input.
  package var target: ImageBatch
  /// The paths of the input pictures.
  package var inputPaths: [String]
  /// The paths of the targets; the same for side-by-side files.
  package var targetPaths: [String]
  /// The epoch, from 1.
  package var epoch: Int
  /// Whether the epoch ends with this batch: it may be smaller than the others, as is one whose pictures were left out.
  package var isLastOfEpoch: Bool
  /// Where the sampler stands behind this batch: what a checkpoint saves once the step is done.
  package var stateAfter: SamplerState
  /// Why samples were left out of this batch, or of those before it that held nothing else.
  package var leftOut: [FileError] = []
}
