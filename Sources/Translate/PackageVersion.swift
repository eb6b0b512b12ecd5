import NeuralNet

/// The version of this package, as `--version` prints it and files carry it.
package enum PackageVersion {
  /// Major, minor, patch.
  package static let current = "0.1.0"

  /// The kernels that this process runs, in words.
  package static var kernels: String {
    let known = [Precision.bfloat16, .int8].filter(Processor.hasDotProducts).map(\.rawValue)
    return "kernels \(Processor.kernelsInUse), "
      + (known.isEmpty
        ? "without instructions for bf16 and int8" : "with instructions for " + known.joined(separator: " and "))
      + (Processor.usesPairs ? ", pairs of 16 bits for bf16" : "")
  }
}
