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

  private final class Entry: Sendable {
    let product = Mutex<ConvolutionProduct?>(nil)
  }

  private let entries = Mutex<[Key: Entry]>([:])

  /// The product of `key`, which `make` lays out where there is none; whoever else wants it meanwhile waits.
  func callAsFunction(_ key: Key, make: () -> ConvolutionProduct) -> ConvolutionProduct {
    let entry = entries.withLock { entries in
      if let known = entries[key] { return known }
      let entry = Entry()
      entries[key] = entry
      return entry
    }
    return entry.product.withLock { product in
      if let product { return product }
      let made = make()
      product = made
      return made
    }
  }
}
