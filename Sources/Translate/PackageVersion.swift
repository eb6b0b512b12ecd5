import NeuralNet

/// The version of this package, as `--version` prints it and files carry it.
package enum PackageVersion {
  /// Major, minor, patch.
  package static let current = "0.1.0"

  /// The kernels that this process runs, in words.
  package static var kernels: String {
    let known = [Precision.bfloat16, .int8].filter(Processor.hasDotProducts).map(\.rawValue)
    let words =
      known.isEmpty
      ? "without instructions for bf16 and int8" : "with instructions for " + known.joined(separator: " and ")
    let instead =
      Processor.usesPairs ? known.isEmpty ? " (pairs of 16 bits instead)" : " (pairs of 16 bits for bf16)" : ""
    return "kernels \(Processor.kernelsInUse), " + words + instead
  }
}
