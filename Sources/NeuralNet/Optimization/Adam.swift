import Foundation
import KernelArguments
import Parallel

/// Adam (Kingma and Ba, 2015, algorithm 1), with ε added to the corrected root as PyTorch does.
package final class Adam {
  /// β₁
  package let beta1: Double
  /// β₂
  package let beta2: Double
  /// ε
  package let epsilon: Double
  /// Updates so far, at least 0.
  package var steps = 0
  /// What is optimised.
  package let parameters: ParameterStore
  private var first: AlignedMemory
  private var second: AlignedMemory
  /// How ranks update together; nil: all is done here.
  private(set) var shared: SharedUpdate?
  private var running: RunningStatisticsOfParts?
  /// All moments, while the first rank has them for a moment.
  private var gathered: (first: AlignedMemory, second: AlignedMemory)?

  /// Moments of 0 for `parameters`.
  ///
  /// - Throws: `FileError` where there is no memory for the moments and the gradients
  package init(_ parameters: ParameterStore, beta1: Double = 0.5, beta2: Double = 0.999, epsilon: Double = 1e-8) throws
  {
    self.parameters = parameters
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    first = try AlignedMemory(count: parameters.storage)
    second = try AlignedMemory(count: parameters.storage)
    _ = try parameters.gradients()
  }

  /// The running mean of the gradients, packed like the parameters.
  package var firstMoment: UnsafeMutablePointer<Float> { whole(first, gathered?.first) }
  /// The running mean of their squares, packed like the parameters.
  package var secondMoment: UnsafeMutablePointer<Float> { whole(second, gathered?.second) }

  private func whole(_ own: AlignedMemory, _ gathered: AlignedMemory?) -> UnsafeMutablePointer<Float> {
    precondition(shared == nil || gathered != nil, "moments that ranks share are gathered before anybody asks for them")
    return (gathered ?? own).base
  }

  // MARK: - Shared by ranks

  /// From here on the ranks of `group` update together, and each keeps its part of the moments alone.
  ///
  /// - Throws: `FileError` where there is no memory for it
  package func share(among group: RankGroup) throws {
    let shared = try SharedUpdate(parameters, group)
    let kept = (
      first: try AlignedMemory(count: shared.ranges.kept), second: try AlignedMemory(count: shared.ranges.kept)
    )
    running = RunningStatisticsOfParts(parameters, group)
    shared.pick(first.base, into: kept.first.base)
    shared.pick(second.base, into: kept.second.base)
    (first, second, self.shared) = (kept.first, kept.second, shared)
  }

  /// Brings the moments of all ranks to the first one, until `releaseMoments`; all ranks call this at the same time.
  ///
  /// - Throws: `FileError` where there is no memory for them or a rank is gone
  package func gatherMoments(at isFirst: Bool) throws {
    guard let shared else { return }
    let whole =
      isFirst
      ? (first: try AlignedMemory(count: parameters.storage), second: try AlignedMemory(count: parameters.storage))
      : nil
    try shared.gather(first.base, into: whole?.first.base)
    try shared.gather(second.base, into: whole?.second.base)
    gathered = whole
  }

  /// Lets go of the moments of others.
  package func releaseMoments() { gathered = nil }

  // MARK: - Updates

  /// Updates all parameters from their gradients.
  package func step(learningRate: Double, processor: Processor) {
    guard let gradients = parameters.gradientBase else { return }
    if let shared {
      guard !shared.waits else { return }
      shared.begin(nextUpdate(learningRate: learningRate), processor.kernels)
      return shared.finish()
    }
    let update = nextUpdate(learningRate: learningRate)
    let source = Shared(UnsafePointer(gradients))
    let count = parameters.storage
    processor.pool.run((count + Self.piece - 1) / Self.piece) { piece, _ in
      let start = piece * Self.piece
      update.apply(start, min(Self.piece, count - start), gradients: source.value + start, processor.kernels)
    }
  }

  /// Updates all parameters from the gradients of ranks that compute different parts of the loss; running statistics come together,
  /// too.
  ///
  /// - Parameter parts: those of the loss that have gradients of these parameters
  package func stepTogether(of parts: Range<Int>, learningRate: Double, processor: Processor) {
    guard let shared else { return }
    shared.begin(nextUpdate(learningRate: learningRate), processor.kernels, of: parts)
    shared.finish()
    running?.combine()
  }

  /// Counts one more update, whose parts may then be applied in any order.
  func nextUpdate(learningRate: Double) -> AdamUpdate {
    steps += 1
    return AdamUpdate(
      memory: Shared((weights: parameters.valuesToChange(), firstMoment: first.base, secondMoment: second.base)),
      firstRate: Float(1 - beta1), secondRate: Float(1 - beta2),
      stepSize: Float(learningRate / (1 - pow(beta1, Double(steps)))),
      inverseSecondCorrection: Float(1 / (1 - pow(beta2, Double(steps))).squareRoot()), epsilon: Float(epsilon))
  }

  private static let piece = 1 << 16
}

/// One update of all parameters, applied range by range.
struct AdamUpdate: Sendable {
  fileprivate typealias Memory = (
    weights: UnsafeMutablePointer<Float>, firstMoment: UnsafeMutablePointer<Float>,
    secondMoment: UnsafeMutablePointer<Float>
  )

  fileprivate let memory: Shared<Memory>
  fileprivate let firstRate: Float
  fileprivate let secondRate: Float
  fileprivate let stepSize: Float
  fileprivate let inverseSecondCorrection: Float
  fileprivate let epsilon: Float

  /// Updates `count` numbers from `start` on, both multiples of sixteen, from `gradients`, which begin there.
  ///
  /// - Parameter momentsAt: where their moments begin; nil: where they do
  func apply(
    _ start: Int, _ count: Int, momentsAt: Int? = nil, gradients: UnsafePointer<Float>, _ kernels: KernelTable
  ) {
    let (memory, moments) = (memory.value, momentsAt ?? start)
    kernels.adam(
      AdamPass(
        count: count, weights: memory.weights + start, gradients: gradients,
        firstMoment: memory.firstMoment + moments, secondMoment: memory.secondMoment + moments, firstRate: firstRate,
        secondRate: secondRate, stepSize: stepSize, inverseSecondCorrection: inverseSecondCorrection,
        epsilon: epsilon))
  }
}
