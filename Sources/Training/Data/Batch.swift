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
  /// Numbers of a pixel (C).
  package var channels: Int { numbers.count }
  /// What they are.
  package private(set) var numbers: PixelNumbers
  /// `N × H × W × C` samples: pictures one after another, rows from top to bottom, channels interleaved.
  package private(set) var values: [Float]
  /// The label of each picture, by its place among those of the data; none where pictures have none.
  package private(set) var labels: [Int] = []

  /// A batch without pictures, which takes over the memory of `values`.
  init(reusing values: consuming [Float] = []) {
    count = 0
    height = 0
    width = 0
    numbers = .colour(0)
    self.values = values
    self.values.removeAll(keepingCapacity: true)
  }

  /// A batch of the given samples; traps where their number, or that of labels, does not fit.
  ///
  /// - Parameter numbers: what the channels are; nil: as their number says
  init(
    count: Int, height: Int, width: Int, channels: Int, values: [Float], labels: [Int] = [],
    numbers: PixelNumbers? = nil
  ) {
    precondition(
      count >= 0 && values.count == count * Picture.sampleCount(width: width, height: height, channels: channels)
        && (labels.isEmpty || labels.count == count),
      "samples do not fit the batch")
    let numbers = numbers ?? PixelNumbers(count: channels)
    precondition(numbers.count == channels, "a number for each channel")
    self.labels = labels
    (self.count, self.height, self.width, self.numbers) = (count, height, width, numbers)
    self.values = values
  }

  /// A batch of one picture, with its opacity where it has one.
  init(_ image: Picture) {
    self.init()
    append(
      image, .all(of: image), flipped: false,
      as: image.hasAlpha ? .colourAndOpacity(image.channels) : .colour(image.channels))
  }

  /// Adds the part of `image` in `window`, mirrored where `flipped`; a batch that holds pictures has its size and
  /// numbers, and labels if they have.
  ///
  /// - Parameter numbers: what is taken of a pixel; nil: the picture's channels
  mutating func append(
    _ image: Picture, _ window: ImageTensor.Window, flipped: Bool, as numbers: PixelNumbers? = nil, label: Int? = nil
  ) {
    let numbers = numbers ?? .colour(image.channels)
    if count == 0 { (height, width, self.numbers) = (window.height, window.width, numbers) }
    precondition(
      height == window.height && width == window.width && self.numbers == numbers,
      "pictures of a batch have one size and the same numbers")
    precondition(count == labels.count || label == nil, "all pictures of a batch have labels, or none")
    if let label { labels.append(label) }
    let start = values.count
    values.append(contentsOf: repeatElement(0, count: height * width * channels))
    values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      ImageTensor.write(
        image, window: window, flipped: flipped, as: numbers, to: base + start, pixelStride: numbers.count)
    }
    count += 1
  }

  /// Takes the last pictures away again, so that `count` are left.
  mutating func shrink(to count: Int) {
    precondition((0...self.count).contains(count), "a batch shrinks to some of its pictures")
    self.count = count
    values.removeLast(values.count - count * height * width * channels)
    labels.removeLast(max(0, labels.count - count))
    if count == 0 { (height, width, numbers) = (0, 0, .colour(0)) }
  }
}

extension FileError {
  /// The picture at `path` has another size than those before it in its batch.
  static func unequalSizes(
    _ path: String?, _ size: (width: Int, height: Int), batch: (width: Int, height: Int)
  ) -> FileError {
    FileError(
      path: path, problem: "is \(size.width)×\(size.height) in a batch of \(batch.width)×\(batch.height)",
      advice: "choose \(setting: "batch-size", 1), or a \(setting: "preprocess") that makes all sizes equal")
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
  /// Whether this is a part of a batch that has no pictures, and one of another part stands in for them.
  package var standsIn = false
  /// Pictures that count.
  package var count: Int { standsIn ? 0 : input.count }
}

/// The part of every batch that one rank of several takes: neighbours, nearly as many for each.
package struct BatchPart: Sendable, Equatable {
  /// Which one, from 0.
  package var index = 0
  /// Of how many.
  package var count = 1

  /// The samples of a batch of `size` that this part has; none where there are too few.
  package func range(of size: Int) -> Range<Int> {
    let (least, more) = (size / count, size % count)
    let begin = index * least + min(index, more)
    return begin..<begin + least + (index < more ? 1 : 0)
  }

  /// The samples of the largest part of a batch of `size`.
  package func most(of size: Int) -> Int { (size + count - 1) / count }
}
