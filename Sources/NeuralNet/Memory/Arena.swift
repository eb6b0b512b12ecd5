import Files

/// Memory that executions plan their tensors in. Executions whose tensors are never needed at the same time may share
/// one: each of them occupies it from the moment its input is written.
package final class Arena {
  private var memory: AlignedMemory?
  /// Counts who has moved in: what an earlier tenant has left here is lost.
  private(set) var occupancy = 0

  /// An arena without memory; planning an execution makes it large enough.
  package init() {}

  /// Room for vectors that reach beyond the last channel of the last pixel.
  private static let slack = 4096

  /// Bytes that are taken.
  package var bytes: Int { (memory?.count ?? 0) * MemoryLayout<Float>.stride }

  var base: UnsafeMutablePointer<Float> {
    guard let memory else { preconditionFailure("an arena is used before anything is planned in it") }
    return memory.base
  }

  /// Makes room for `needed` bytes; what executions have here is lost where it grows.
  ///
  /// - Throws: `FileError` where there is none; the arena stays as large as it was
  func require(_ needed: Int) throws {
    let old = bytes
    guard needed + Self.slack > old else { return }
    try Self.requireAddressable(needed)
    // The old memory goes first, so that only one of the two is taken.
    memory = nil
    occupancy += 1
    do {
      memory = try AlignedMemory(count: (needed + Self.slack) / MemoryLayout<Float>.stride, for: .activations)
    } catch {
      // Executions that are planned already count on it.
      if old > 0 { memory = try AlignedMemory(count: old / MemoryLayout<Float>.stride, for: .activations) }
      throw error
    }
  }

  /// Throws a `FileError` where the arena could not become as large as `needed` bytes.
  func requireRoom(_ needed: Int) throws {
    try Self.requireAddressable(needed)
    guard needed + Self.slack > bytes else { return }
    try SystemMemory.require(needed + Self.slack, for: .activations, givingBack: bytes)
  }

  /// Hands the arena over to a new tenant; the answer tells whether it is still there.
  func occupy() -> Int {
    occupancy += 1
    return occupancy
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
    try requireAddressable(min(count, Int.max / 8) * MemoryLayout<Float>.stride)
  }

  /// Throws a `FileError` where kernels, whose tables hold 32-bit offsets of numbers, could not reach all of `bytes`.
  static func requireAddressable(_ bytes: Int) throws {
    guard bytes / MemoryLayout<Float>.stride < Int(Int32.max) else {
      throw FileError(
        path: nil, problem: "one pass of this network would need \(bytes >> 30) GiB of activations, more than 8",
        advice: "use a smaller batch, crop or tile")
    }
  }
}
