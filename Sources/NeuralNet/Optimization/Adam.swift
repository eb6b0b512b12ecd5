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
  private let first: AlignedMemory
  private let second: AlignedMemory

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
  package var firstMoment: UnsafeMutablePointer<Float> { first.base }
  /// The running mean of their squares, packed like the parameters.
  package var secondMoment: UnsafeMutablePointer<Float> { second.base }

  /// Updates all parameters from their gradients.
  package func step(learningRate: Double, processor: Processor) {
    guard let gradients = parameters.gradientBase else { return }
    let shared = Shared(UnsafePointer(gradients))
    let update = nextUpdate(learningRate: learningRate)
    let count = parameters.storage
    processor.pool.run((count + Self.piece - 1) / Self.piece) { piece, _ in
      let start = piece * Self.piece
      update.apply(start, min(Self.piece, count - start), gradients: shared.value + start, processor.kernels)
    }
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
  func apply(_ start: Int, _ count: Int, gradients: UnsafePointer<Float>, _ kernels: KernelTable) {
    let memory = memory.value
    kernels.adam(
      AdamPass(
        count: count, weights: memory.weights + start, gradients: gradients,
        firstMoment: memory.firstMoment + start, secondMoment: memory.secondMoment + start, firstRate: firstRate,
        secondRate: secondRate, stepSize: stepSize, inverseSecondCorrection: inverseSecondCorrection,
        epsilon: epsilon))
  }
}
