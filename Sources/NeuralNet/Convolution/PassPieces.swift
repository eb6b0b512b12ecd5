/// Pixels in groups, cut into pieces.
struct PassPieces: Sendable {
  private let pixelsPerGroup: Int
  private let pixelsPerPiece: Int
  let perGroup: Int
  let count: Int

  init(groups: Int, pixelsPerGroup: Int, channels: Int) {
    self.pixelsPerGroup = pixelsPerGroup
    pixelsPerPiece = min(pixelsPerGroup, Self.pixelsPerPiece(channels: channels))
    perGroup = (pixelsPerGroup + pixelsPerPiece - 1) / pixelsPerPiece
    count = groups * perGroup
  }

  /// A piece's group and its pixels.
  subscript(piece: Int) -> (group: Int, pixels: Range<Int>) {
    let group = piece / perGroup
    let first = group * pixelsPerGroup + piece % perGroup * pixelsPerPiece
    return (group, first..<min(first + pixelsPerPiece, (group + 1) * pixelsPerGroup))
  }

  /// Pixels of which `channels` floats are about 128 KB.
  static func pixelsPerPiece(channels: Int) -> Int { max(16, 32_768 / channels) }
}
