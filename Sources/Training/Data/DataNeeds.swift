/// What an algorithm learns from.
public enum DataNeeds: Sendable, Equatable, CaseIterable {
  /// Every image of A has its partner in B.
  case pairs
  /// Two sets of images without partners.
  case twoSets
  /// Images alone: what a network is shown is made of what it should answer.
  case oneSet
}
