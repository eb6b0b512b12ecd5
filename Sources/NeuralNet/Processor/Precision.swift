/// The numbers that the products of convolutions are computed with. Whatever it is, sums, statistics, normalisation and
/// activations are single precision, and so are weights and their moments while training.
public enum Precision: String, Sendable, CaseIterable {
  /// IEEE 754 single precision.
  case float32 = "f32"
  /// bfloat16: single precision without the lower half of its digits.
  case bfloat16 = "bf16"
  /// Integers of eight bits: 256 steps between the least and the greatest number of each tensor.
  case int8
}
