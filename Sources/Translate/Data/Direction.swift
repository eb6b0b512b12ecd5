/// Which of the two sides of the data is translated into which.
public enum Direction: String, Codable, Sendable, CaseIterable {
  /// The left half, or folder A, is the input.
  case aToB = "AtoB"
  /// The right half, or folder B, is the input.
  case bToA = "BtoA"
}
