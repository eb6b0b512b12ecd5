/// Which rank updates which of a network's parameters: they are cut into buckets, and each bucket into a part for every rank, so
/// that whichever bucket is on its way, all ranks have the same to do.
struct OwnedRanges: Equatable {
  /// Parameters in all, a multiple of sixteen.
  let storage: Int
  let ranks: Int
  /// How many numbers of a bucket one rank owns at most, a multiple of sixteen.
  let part: Int

  /// - Parameter largest: how many numbers of a bucket one rank owns at most, where there are enough
  init(storage: Int, ranks: Int, largest: Int = usualPart) {
    precondition(storage % 16 == 0 && ranks > 0 && largest > 0 && largest % 16 == 0, "parts are whole vectors")
    (self.storage, self.ranks) = (storage, ranks)
    part = max(16, min(largest, (storage + 16 * ranks - 1) / (16 * ranks) * 16))
  }

  /// 256 KB: large enough that the time on the wire outweighs what each message costs beside it.
  static let usualPart = 1 << 16

  /// How many buckets there are.
  var buckets: Int { (storage + part * ranks - 1) / (part * ranks) }

  /// The parameters of a bucket.
  func bucket(_ index: Int) -> Range<Int> {
    index * part * ranks..<min(storage, (index + 1) * part * ranks)
  }

  /// What `rank` owns of a bucket: whole vectors, or none.
  func range(_ bucket: Int, of rank: Int) -> Range<Int> {
    let begin = (bucket * ranks + rank) * part
    return min(begin, storage)..<min(begin + part, storage)
  }

  /// The buckets that `parameters` lie in.
  func buckets(of parameters: Range<Int>) -> Range<Int> {
    guard !parameters.isEmpty else { return 0..<0 }
    return parameters.lowerBound / (part * ranks)..<(parameters.upperBound - 1) / (part * ranks) + 1
  }

  /// Numbers that a rank keeps of what it owns: bucket b has its place from `b · part` on.
  var kept: Int { buckets * part }
}
