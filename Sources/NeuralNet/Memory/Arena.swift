/// Memory that executions plan their tensors in. Executions that are never used at the same time may share one.
public final class Arena {
  private var memory: AlignedMemory?

  /// An arena without memory; planning an execution makes it large enough.
  public init() {}

  /// Zeros that padding is read from, at the begin of every arena: as many as the widest pixel.
  static let zeroCount = 16_384

  /// Room for vectors that reach beyond the last channel of the last pixel.
  private static let slack = 1024

  /// Floats that are taken.
  public var count: Int { memory?.count ?? 0 }

  var base: UnsafeMutablePointer<Float> {
    guard let memory else { preconditionFailure("an arena is used before anything is planned in it") }
    return memory.base
  }

  /// Makes room for `count` floats; what other executions have here is lost where it grows.
  ///
  /// - Throws: `FileError` where there is none; the arena stays as large as it was
  func require(_ count: Int) throws {
    let old = self.count
    guard count + Self.slack > old else { return }
    try Self.requireAddressable(count)
    // The old memory goes first, so that only one of the two is taken.
    memory = nil
    do {
      memory = try AlignedMemory(count: count + Self.slack, for: .activations)
    } catch {
      // Executions that are planned already count on it.
      if old > 0 { memory = try AlignedMemory(count: old, for: .activations) }
      throw error
    }
  }

  /// Throws a `FileError` where the arena could not become as large as `count` floats.
  func requireRoom(_ count: Int) throws {
    try Self.requireAddressable(count)
    let stride = MemoryLayout<Float>.stride
    guard count + Self.slack > self.count else { return }
    try SystemMemory.require((count + Self.slack) * stride, for: .activations, givingBack: self.count * stride)
  }

  /// Throws a `FileError` where a tensor of `shape` is empty, or alone too large for an arena. Whatever is computed of
  /// the extents of tensors that pass does not overflow.
  static func requireAddressable(_ shape: Shape) throws {
    var count = 1
    for extent in [shape.n, shape.c, shape.h, shape.w] {
      guard extent > 0 else {
        throw FileError(path: nil, problem: "images of the shape \(shape) (N, C, H, W) have no pixels")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      count = overflow ? Int.max : product
    }
    try requireAddressable(count)
  }

  /// Throws a `FileError` where kernels, whose tables hold 32-bit offsets, could not reach all of `count` floats.
  static func requireAddressable(_ count: Int) throws {
    guard count < Int(Int32.max) else {
      throw FileError(
        path: nil, problem: "one pass of this network would need \(count / (1 << 28)) GiB of activations, more than 8",
        advice: "use a smaller batch, crop or tile")
    }
  }
}
