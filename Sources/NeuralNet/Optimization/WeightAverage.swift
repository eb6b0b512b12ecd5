import Parallel

/// The moving average ā of a network's parameters w along their updates t = 1, 2, … (Polyak and Juditsky, 1992; of
/// generators: Yazıcı et al., 2019):
///
///     ā ← ā + (1 − min(β, (1 + t) / (10 + t))) · (w − ā)
///
/// The memory is short at the beginning, so that the first random weights are soon forgotten (as `num_updates` does in
/// TensorFlow's ExponentialMovingAverage).
///
/// Running statistics are averaged likewise rather than copied: they describe what the weights make of images, and to first
/// order the statistics of averaged weights are the average of their statistics, not those of the latest ones.
package final class WeightAverage {
  /// β, in 0 ..< 1
  package let decay: Double
  /// What is averaged.
  package let parameters: ParameterStore
  /// Updates so far, at least 0.
  package var updates = 0
  /// In the order of those of the network.
  package var runningStatistics: [RunningStatistics]
  private let memory: AlignedMemory

  /// The average of the one set of numbers that `parameters` holds by now.
  ///
  /// - Throws: `FileError` where there is no memory for it
  package init(of parameters: ParameterStore, decay: Double) throws {
    precondition(decay >= 0 && decay < 1, "a decay from 0 up to, but not, 1")
    (self.parameters, self.decay) = (parameters, decay)
    memory = try AlignedMemory(count: parameters.storage)
    memory.base.update(from: parameters.base, count: parameters.storage)
    runningStatistics = parameters.runningStatistics
  }

  /// The average, packed like the parameters.
  package var values: UnsafeMutablePointer<Float> { memory.base }

  /// Bytes of the average.
  package var bytes: Int { memory.count * MemoryLayout<Float>.stride }

  /// Takes in the parameters as they are now.
  package func update(_ pool: WorkerPool) {
    updates += 1
    let count = Double(updates)
    let share = Float(1 - min(decay, (1 + count) / (10 + count)))
    let places = Shared((UnsafeMutableRawPointer(memory.base), UnsafeRawPointer(parameters.base)))
    forEachVector(pool) { offset in
      let (average, weights) = places.value
      let old = average.load(fromByteOffset: offset, as: Vector.self)
      let new = weights.load(fromByteOffset: offset, as: Vector.self)
      average.storeBytes(of: old + (new - old) * share, toByteOffset: offset, as: Vector.self)
    }
    for index in runningStatistics.indices {
      Self.approach(&runningStatistics[index].mean, parameters.runningStatistics[index].mean, share)
      Self.approach(&runningStatistics[index].variance, parameters.runningStatistics[index].variance, share)
      runningStatistics[index].batches = parameters.runningStatistics[index].batches
    }
  }

  private static func approach(_ average: inout [Float], _ values: [Float], _ share: Float) {
    for channel in average.indices { average[channel] += (values[channel] - average[channel]) * share }
  }

  /// Puts the average in the place of the parameters, and these in the place of the average; doing it again
  /// changes nothing of either.
  package func exchange(_ pool: WorkerPool) {
    let places = Shared(
      (UnsafeMutableRawPointer(memory.base), UnsafeMutableRawPointer(parameters.valuesToChange())))
    forEachVector(pool) { offset in
      let (average, weights) = places.value
      let old = average.load(fromByteOffset: offset, as: Vector.self)
      average.storeBytes(
        of: weights.load(fromByteOffset: offset, as: Vector.self), toByteOffset: offset, as: Vector.self)
      weights.storeBytes(of: old, toByteOffset: offset, as: Vector.self)
    }
    swap(&runningStatistics, &parameters.runningStatistics)
  }

  /// What is computed at once; parameters take whole ones, and their memory begins on a page.
  private typealias Vector = SIMD16<Float>

  /// Calls `body` with the offset in bytes of every vector. Memory is the limit here, not arithmetic.
  @inline(__always)
  private func forEachVector(_ pool: WorkerPool, _ body: @Sendable (_ offset: Int) -> Void) {
    let (size, bytes) = (MemoryLayout<Vector>.size, bytes)
    pool.run((bytes + Self.piece - 1) / Self.piece) { piece, _ in
      let begin = piece * Self.piece
      for offset in stride(from: begin, to: min(begin + Self.piece, bytes), by: size) { body(offset) }
    }
  }

  /// Bytes of a piece of work.
  private static let piece = 1 << 18
}
