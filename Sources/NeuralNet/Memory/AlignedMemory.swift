import Files
import Foundation

/// Zeroed floats that begin on a page, given back when the owner goes.
///
/// Large blocks ask for huge pages, since the kernels walk them with strides that would miss small ones' table entries.
package final class AlignedMemory {
  /// Floats in the block.
  package let count: Int
  /// The first float; valid as long as this object lives.
  package let base: UnsafeMutablePointer<Float>
  private let bytes: Int

  /// `count` zeros.
  ///
  /// - Throws: `FileError` where the system has no such memory to give.
  package convenience init(count: Int) throws { try self.init(count: count, for: .parameters) }

  /// The same for another purpose, which the error names.
  init(count: Int, for purpose: MemoryPurpose) throws {
    let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    let page = 2 << 20
    guard !overflow, count >= 0, size < Int.max - 2 * page else {
      throw FileError(path: nil, problem: "no memory can hold \(count) numbers", advice: purpose.advice)
    }
    let rounded = max(1, (size + page - 1) / page) * page
    try SystemMemory.require(rounded, for: purpose)
    guard
      let raw = mmap(nil, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | SystemMemory.anonymous, -1, 0),
      raw != MAP_FAILED
    else { throw SystemMemory.shortage(rounded, for: purpose) }
    #if os(Linux)
      madvise(raw, rounded, 14)  // MADV_HUGEPAGE
    #endif
    self.count = count
    bytes = rounded
    base = raw.bindMemory(to: Float.self, capacity: rounded / MemoryLayout<Float>.stride)
  }

  deinit { munmap(base, bytes) }
}
