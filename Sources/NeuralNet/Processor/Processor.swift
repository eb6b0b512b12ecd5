import Files
import KernelArguments
import Parallel

/// The processor that networks run on: its threads, the kernels that suit it, and each thread's scratch.
///
/// Executions that share one of these run one after the other. Where the system has no memory for as many threads as are
/// asked for, there are fewer: what is computed does not depend on their number.
///
/// Unchecked: nothing changes after `init` but the scratch, of which each worker has a part of its own, and `ranks`, which its
/// owner sets before anything runs; the pool lets one caller in at a time.
package final class Processor: @unchecked Sendable {
  /// The threads.
  package let pool: WorkerPool
  let kernels: KernelTable
  private let scratch: AlignedMemory

  /// Those that do each training step together; nil: this process does it alone.
  package var ranks: RankGroup?

  /// Who decides which algorithm computes which product.
  package let algorithms: AlgorithmChoice

  /// - Parameter threads: one of `WorkerPool.threadCounts`; nil: one for each processor that this process may use
  /// - Throws: `FileError` for any other number, and where there is no memory for scratch
  package convenience init(threads: Int? = nil) throws { try self.init(threads: threads, algorithms: .byShape) }

  /// The same with one algorithm for every product, to test and to compare.
  package convenience init(threads: Int? = nil, algorithms: AlgorithmChoice) throws {
    try self.init(threads: threads, kernels: .current, algorithms: algorithms)
  }

  /// One thread, which notes how long each piece of work takes.
  package convenience init(noting trace: WorkTrace) throws {
    try self.init(pool: WorkerPool(noting: trace), kernels: .current, algorithms: .byShape)
  }

  /// The same with other kernels than the best for this processor.
  convenience init(threads: Int? = nil, kernels: KernelTable, algorithms: AlgorithmChoice = .byShape) throws {
    if let threads { try FileError.require(threads, in: WorkerPool.threadCounts, "threads") }
    let pool = WorkerPool(threads: try MatrixProduct.threadsWithRoom(WorkerPool.count(threads)))
    try self.init(pool: pool, kernels: kernels, algorithms: algorithms)
  }

  private init(pool: WorkerPool, kernels: KernelTable, algorithms: AlgorithmChoice) throws {
    self.pool = pool
    self.kernels = kernels
    self.algorithms = algorithms
    scratch = try AlignedMemory(count: pool.threads * Self.scratchStride, for: .threads)
  }

  /// Which kernels run, by name.
  package var kernelName: String { kernels.name }

  /// The name of the kernels of this process.
  package static var kernelsInUse: String { KernelTable.current.name }

  /// Whether they have instructions of their own for products of this precision, which are faster than those of floats.
  package static func hasDotProducts(_ precision: Precision) -> Bool {
    let form: NumberForm =
      switch precision {
      case .float32: .floats
      case .bfloat16: .bfloats
      case .int8: .integers
      }
    return KernelTable.current.lowPrecision.dotProducts.contains(form)
  }

  /// Whether pairs of integers of sixteen bits stand in for bfloat16 numbers while translating, since that is not so.
  package static var usesPairs: Bool { KernelTable.current.lowPrecision.forms.bfloat16 == .scaledIntegers }

  /// Floats that leave room in a second-level cache of 512 KB for weights that pass through.
  static let blockFloats = 92 * 1024
  /// Floats of scratch that each worker has: the taps of a 4×4 block of 64 × 64 weights or a block of tiles, and what kernels
  /// keep beside it.
  static let scratchFloats = max(16 * 64 * 64, blockFloats) + 128 * 64
  /// A page apart, so that workers share no cache line.
  private static let scratchStride = (scratchFloats + 1023) / 1024 * 1024

  func scratch(of worker: Int) -> UnsafeMutablePointer<Float> { scratch.base + worker * Self.scratchStride }
}
