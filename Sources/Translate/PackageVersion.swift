import NeuralNet

/// The version of this package, as `--version` prints it and files carry it.
package enum PackageVersion {
  /// Major, minor, patch.
  package static let current = "0.1.0"

  /// The kernels that this process runs, in words.
  package static var kernels: String {
    let kernels = Processor.kernelsInUse
    return "kernels \(kernels.name), " + (kernels.haveLowPrecisionProducts ? "with" : "without")
      + " instructions for bf16 and int8" + (kernels.usePairs ? " (pairs of 16 bits instead)" : "")
  }
}
