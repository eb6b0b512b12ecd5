/// Which of the two domains is the input.
public enum Direction: String, Sendable, Codable, CaseIterable {
  /// Images of A become images of B.
  case aToB = "AtoB"
  /// Images of B become images of A.
  case bToA = "BtoA"
}
