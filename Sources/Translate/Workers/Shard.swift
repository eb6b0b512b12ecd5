/// A part of a job that several programs share out.
public struct Shard: Sendable, Equatable, LosslessStringConvertible {
  /// Which part, from 1 to `count`.
  public let index: Int
  /// How many parts there are, at least 1.
  public let count: Int

  /// Part `index` of `count`; nil where `index` does not lie in 1 ... `count`.
  public init?(index: Int, count: Int) {
    guard index >= 1, index <= count else { return nil }
    self.index = index
    self.count = count
  }

  /// The part that `I/N` names, such as `3/16`; nil for everything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1] else { return nil }
    self.init(index: index, count: count)
  }

  /// `I/N`
  public var description: String { "\(index)/\(count)" }
}
