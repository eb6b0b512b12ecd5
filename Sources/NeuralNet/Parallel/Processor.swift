import KernelArguments

/// The processor that networks run on: its threads, the kernels that suit it, and each thread's scratch.
///
/// Executions that share one of these run one after the other. Where the system has no memory for as many threads as are
/// asked for, there are fewer: what is computed does not depend on their number.
public final class Processor {
  /// The threads.
  public let pool: WorkerPool
  let kernels: KernelTable
  private let scratch: AlignedMemory

  /// Which algorithm computes which product.
  package let rule: AlgorithmRule
  let plans = ExecutionPlans()

  /// Numbers of threads that can be asked for.
  public static let threadCounts = 1...1024

  /// - Parameter threads: one of `threadCounts`; nil: one for each processor that this process may use
  /// - Throws: `FileError` for any other number, and where there is no memory for scratch
  public convenience init(threads: Int? = nil) throws { try self.init(threads: threads, rule: AlgorithmRule()) }

  /// The same with another rule for the choice of algorithms, to test and to compare.
  package convenience init(threads: Int? = nil, rule: AlgorithmRule) throws {
    try self.init(threads: threads, kernels: .current, rule: rule)
  }

  /// The same with other kernels than the best for this processor.
  init(threads: Int? = nil, kernels: KernelTable, rule: AlgorithmRule = AlgorithmRule()) throws {
    if let threads { try FileError.require(threads, in: Self.threadCounts, "threads") }
    self.kernels = kernels
    self.rule = rule
    pool = WorkerPool(threads: try MatrixProduct.threadsWithRoom(WorkerPool.count(threads)))
    scratch = try AlignedMemory(count: pool.threads * Self.scratchStride, for: .threads)
  }

  /// Which kernels run: `avx512`, `avx2` or `portable`.
  public var kernelName: String { kernels.name }

  /// A page apart, so that workers share no cache line.
  private static let scratchStride =
    (max(ProductPlan.scratchCount, TransformedFilters.scratchCount, WeightGradientPlan.scratchCount) + 1023) / 1024
    * 1024

  func scratch(of worker: Int) -> UnsafeMutablePointer<Float> { scratch.base + worker * Self.scratchStride }
}
