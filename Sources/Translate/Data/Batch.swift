/// Some pictures of one size as a network takes them: (N, H, W, C) floats in [-1, 1].
public struct ImageBatch: Sendable, Equatable {
  /// How many pictures (N).
  public var count: Int
  /// Rows (H).
  public var height: Int
  /// Pixels in a row (W).
  public var width: Int
  /// 1 or 3 (C).
  public var channels: Int
  /// `N × H × W × C` samples: pictures one after another, rows from top to bottom, channels interleaved.
  public var values: [Float]

  /// A batch without pictures, which takes over the memory of `values`.
  init(reusing values: consuming [Float] = []) {
    count = 0
    height = 0
    width = 0
    channels = 0
    self.values = values
    self.values.removeAll(keepingCapacity: true)
  }

  /// Takes the last pictures away again, so that `count` are left.
  mutating func shrink(to count: Int) {
    self.count = count
    values.removeLast(values.count - count * height * width * channels)
    if count == 0 { (height, width, channels) = (0, 0, 0) }
  }
}

/// What one training step is fed with.
public struct Batch: Sendable, Equatable {
  /// The pictures to translate.
  public var input: ImageBatch
  /// What they should become; unpaired: pictures of the other side, in no relation to the input.
  public var target: ImageBatch
  /// The paths of the input pictures.
  public var inputPaths: [String]
  /// The paths of the targets; the same for side-by-side files.
  public var targetPaths: [String]
  /// The epoch, from 1.
  public var epoch: Int
  /// Whether the epoch ends with this batch: it may be smaller than the others, as is one whose pictures were left out.
  public var isLastOfEpoch: Bool
  /// Where the sampler stands behind this batch: what a checkpoint saves once the step is done.
  public var stateAfter: SamplerState
  /// Why samples were left out of this batch, or of those before it that held nothing else.
  public var leftOut: [FileError] = []
}
