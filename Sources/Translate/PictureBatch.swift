import Images

/// Pictures of one size on their way through the network together.
struct PictureBatch {
  typealias Entry = (item: FolderTranslation.Item, image: Picture)

  /// Planning a batch pays from this many pictures on.
  private static let leastForBatches = 16
  private static let preferredCount = 4
  /// Pixels of a batch that is formed unasked: more have nothing to gain, and take memory.
  private static let preferredPixels = 1 << 19

  /// Pictures in a full batch, unless they are too large for a batch that nobody asked for.
  let size: Int
  private let mostPixels: Int
  private var entries: [Entry] = []
  /// Width and height in the last batch that was full.
  private var lastFullSize: [Int] = []

  /// Batches of `size` pictures; nil: as many as are faster together.
  ///
  /// - Parameters:
  ///   - count: pictures that there are
  ///   - gains: whether the network gains by batches
  init(size: Int?, count: Int, gains: Bool) {
    self.size = size ?? (gains && count >= Self.leastForBatches ? Self.preferredCount : 1)
    mostPixels = size == nil ? Self.preferredPixels : .max
  }

  /// Whether `image` has the size of those that are there.
  func takes(_ image: Picture) -> Bool {
    entries.last.map { $0.image.width == image.width && $0.image.height == image.height } ?? true
  }

  /// Adds a picture that it takes.
  mutating func add(_ item: FolderTranslation.Item, _ image: Picture) { entries.append((item, image)) }

  /// Whether no more should be added.
  var isFull: Bool { entries.last.map { entries.count >= fullCount($0.image) } ?? false }

  /// Hands the pictures out and is empty.
  ///
  /// - Parameter isLast: whether no more will come. Running a full batch is cheaper then than planning a smaller one.
  /// - Returns: the pictures, and up to how many the batch should be filled; nil where there are none
  mutating func removeAll(isLast: Bool) -> (entries: [Entry], filledTo: Int)? {
    guard let last = entries.last?.image else { return nil }
    defer { entries = [] }
    let size = [last.width, last.height]
    let full = fullCount(last)
    if entries.count == full { lastFullSize = size }
    return (entries, isLast && size == lastFullSize ? full : 0)
  }

  private func fullCount(_ image: Picture) -> Int {
    min(size, max(1, mostPixels / max(1, image.width * image.height)))
  }
}
