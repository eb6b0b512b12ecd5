/// Whose statistics batch normalisation uses.
public enum NormStatistics: String, Sendable, Codable, CaseIterable {
  /// Those of the picture itself, as in training with batches of one.
  case image
  /// The running statistics that training has gathered.
  case running
}
