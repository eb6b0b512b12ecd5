import Files
import NeuralNet

/// The numbers that a file of weights holds.
public enum StoredPrecision: String, Sendable, CaseIterable {
  /// IEEE 754 single precision.
  case float32 = "f32"
  /// bfloat16: single precision without the lower half of its digits, in half the bytes.
  case bfloat16 = "bf16"

  /// How a file calls it.
  var type: ElementType {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }

  /// How `tensor` is stored in a file of this precision.
  ///
  /// All floating-point tensors change, as by PyTorch's `module.to(torch.bfloat16)`: norms and running statistics too.
  /// Counts of batches stay what they are, also where a file holds them as floating-point numbers.
  func type(of tensor: WeightsFile.Tensor) -> ElementType {
    Self.holdsNumbers(tensor) ? type : tensor.type
  }

  private static func holdsNumbers(_ tensor: WeightsFile.Tensor) -> Bool {
    tensor.type.isFloatingPoint && !tensor.name.hasSuffix(RunningStatistics.batchesName(""))
  }

  /// What the floating-point tensors of a network are, in the words of `--precision`: `f32`, `bf16`, `f16`, `f64`; `mixed`
  /// where they are not all alike, nil where there are none.
  static func name(of tensors: [WeightsFile.Tensor]) -> String? {
    let types = Set(tensors.filter(holdsNumbers).map(\.type))
    guard let type = types.first else { return nil }
    return types.count > 1 ? "mixed" : type.rawValue.lowercased()
  }
}
