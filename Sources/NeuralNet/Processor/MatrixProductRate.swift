import Parallel

extension MatrixProduct {
  /// GFLOP/s of a product of 768² matrices on every thread: what a machine can do, to compare kernels with.
  package static func rate(_ processor: Processor) throws -> Double {
    let size = 768
    let memory = try AlignedMemory(count: (1 + 2 * processor.pool.threads) * size * size)
    memory.base.update(repeating: 0.5, count: memory.count)
    let shared = Shared(memory.base)
    func run() {
      processor.pool.run(processor.pool.threads) { piece, _ in
        let matrix = shared.value + (1 + 2 * piece) * size * size
        multiply(
          m: size, n: size, k: size, a: matrix, aStride: size, b: shared.value, bStride: size, c: matrix + size * size,
          cStride: size, accumulates: false)
      }
    }
    run()
    let start = ContinuousClock.now
    run()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return 2e-9 * Double(processor.pool.threads * size * size * size) / seconds
  }
}
