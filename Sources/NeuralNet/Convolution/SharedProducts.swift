import Synchronization

/// The products of a plan: layers that are alike, and read and write the same places, share one and its tables. In the
/// residual blocks of a ResNet most are.
final class SharedProducts: Sendable {
  /// All that a forward product depends on within a plan.
  struct Key: Hashable {
    let geometry: ConvolutionGeometry
    let packing: PackedWeights
    let input: PlannedTensor
    let output: PlannedTensor
    let imagesPerGroup: Int
    /// Where what is transformed lies.
    let transform: Int?
    let rounded: RoundedInput?
  }

  private let products = Mutex<[Key: ConvolutionProduct]>([:])

  /// The product of `key`, which `make` lays out where there is none.
  func callAsFunction(_ key: Key, make: () -> ConvolutionProduct) -> ConvolutionProduct {
    if let known = products.withLock({ $0[key] }) { return known }
    let product = make()
    products.withLock { $0[key] = product }
    return product
  }
}
