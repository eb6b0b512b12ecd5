import Files
import Foundation

/// Zeroed floats that begin on a page, given back when the owner goes.
///
/// Large blocks ask for huge pages, since the kernels walk them with strides that would miss small ones' table entries.
public final class AlignedMemory {
  /// Floats in the block.
  public let count: Int
  /// The first float; valid as long as this object lives.
  public let base: UnsafeMutablePointer<Float>
  private let bytes: Int

  /// - Throws: `FileError` where the system has no such memory to give.
  public init(count: Int) throws {
    let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    let page = 2 << 20
    guard !overflow, count >= 0, size < Int.max - 2 * page else { throw Self.refusal(count) }
    let rounded = max(1, (size + page - 1) / page) * page
    guard
      let raw = mmap(nil, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | Self.anonymous, -1, 0),
      raw != MAP_FAILED
    else { throw Self.refusal(count) }
    #if os(Linux)
      madvise(raw, rounded, 14)  // MADV_HUGEPAGE
    #endif
    self.count = count
    bytes = rounded
    base = raw.bindMemory(to: Float.self, capacity: rounded / MemoryLayout<Float>.stride)
  }

  deinit { munmap(base, bytes) }

  private static func refusal(_ count: Int) -> FileError {
    FileError(
      path: nil, problem: "there is no memory for \(count) numbers",
      advice: "use a smaller image, batch or network")
  }

  #if os(Linux)
    private static let anonymous = Int32(MAP_ANONYMOUS)
  #else
    private static let anonymous = MAP_ANON
  #endif
}
