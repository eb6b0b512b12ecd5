import Files
import Foundation
import Images

/// How pictures are divided among the parts of a job, so that each part has about as many pixels: every worker makes the same
/// division by itself.
///
/// To read the header of every picture would be a pass over millions of files by each of many workers. Bytes are at hand
/// for the price of a listing, and say little of pixels where photographs lie among drawings; but pictures that are alike in
/// bytes are alike on average. So the headers of a fixed number of files are read: of the largest ones, which weigh most,
/// and of one in so many of the others, in order of bytes. Those between have the mean of the nearest ones that are known.
/// Then each picture, the heaviest first, goes to the part that has least (Graham, 1969: no part is more than a third above the
/// best division, and in practice none is above it by more than one light picture). Up to the fixed number, pixels are
/// exact.
///
/// Everything is whole numbers: no machine rounds otherwise.
struct ShardDivision {
  /// Headers that are read.
  static let headers = 4096
  /// Known neighbours on each side whose mean an unread picture takes.
  private static let neighbours = 8
  /// What a picture weighs beyond its pixels: opening, planning, writing.
  static let overhead = 1 << 12

  /// What is known of a file.
  struct Source {
    /// nil: it cannot be looked at, and weighs nothing.
    var bytes: Int?
    /// Pixels by its header; nil: it is no picture that will be translated.
    var pixels: () -> Int?
  }

  /// The part of each picture, from 0.
  let parts: [Int]

  /// - Parameters:
  ///   - sources: in the same order in every worker
  ///   - count: of parts, at least 1
  init(_ sources: [Source], count: Int, headers: Int = Self.headers) {
    let weights = Self.weights(sources, headers: headers)
    var parts = [Int](repeating: 0, count: sources.count)
    // More parts than pictures stay empty.
    var queue = LeastLoaded(count: min(count, max(1, sources.count)))
    for place in weights.indices.sorted(by: { (weights[$1], $0) < (weights[$0], $1) }) {
      parts[place] = queue.give(weights[place])
    }
    self.parts = parts
  }

  /// Pixels of each picture, known or guessed, and the overhead.
  private static func weights(_ sources: [Source], headers: Int) -> [Int] {
    let order = sources.indices.sorted { (sources[$1].bytes ?? 0, $0) < (sources[$0].bytes ?? 0, $1) }
    // Half of the headers for the largest files.
    let largest = order.count <= headers ? order.count : headers / 2
    let step = max(1, (order.count - largest + headers - largest - 1) / max(1, headers - largest))
    let known = Array(0..<largest) + stride(from: largest, to: order.count, by: step)
    let pixels = known.map { sources[order[$0]].bytes == nil ? 0 : sources[order[$0]].pixels() ?? 0 }
    var weights = [Int](repeating: 0, count: sources.count)
    var next = 0
    for (rank, place) in order.enumerated() {
      if next < known.count, known[next] == rank {
        weights[place] = pixels[next]
        next += 1
      } else {
        let near = pixels[max(0, next - neighbours)..<min(pixels.count, next + neighbours)]
        weights[place] = near.reduce(0, +) / max(1, near.count)
      }
    }
    return weights.map { $0 + overhead }
  }
}

/// Parts by what they have been given, the one with least on top: a binary heap.
private struct LeastLoaded {
  private var heap: [(load: Int, part: Int)]

  init(count: Int) { heap = (0..<count).map { (0, $0) } }

  /// Gives `weight` to the part that has least, the first of several.
  mutating func give(_ weight: Int) -> Int {
    let part = heap[0].part
    heap[0].load += weight
    var parent = 0
    while true {
      let children = (2 * parent + 1..<min(2 * parent + 3, max(2 * parent + 1, heap.count)))
      guard let least = children.min(by: { heap[$0] < heap[$1] }), heap[least] < heap[parent] else { return part }
      heap.swapAt(least, parent)
      parent = least
    }
  }
}

extension FolderTranslation {
  /// Those of `items` that belong to `shard`, in their order.
  func part(_ items: [Item], of shard: Shard) -> [Item] {
    guard shard.count > 1 else { return items }
    let sources = items.map { item in
      ShardDivision.Source(bytes: Self.byteCount(item.source)) { [limit] in
        guard let header = try? PNG.header(item.source) else { return nil }
        let pixels = header.width * header.height
        // What is refused costs nothing, whatever its header says.
        return pixels <= limit.pixels ? pixels : nil
      }
    }
    let parts = ShardDivision(sources, count: shard.count).parts
    return zip(items, parts).filter { $0.1 == shard.index - 1 }.map(\.0)
  }

  private static func byteCount(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }
}
