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
    var pass = AdamPass(
      weights: parameters.valuesToChange(), gradients: first.base, firstMoment: first.base, secondMoment: second.base)
    pass.firstRate = Float(1 - beta1)
    pass.secondRate = Float(1 - beta2)
    pass.stepSize = Float(learningRate / (1 - pow(beta1, Double(steps))))
    pass.inverseSecondCorrection = Float(1 / (1 - pow(beta2, Double(steps))).squareRoot())
    pass.epsilon = Float(epsilon)
    return AdamUpdate(whole: Shared(pass))
  }

  private static let piece = 1 << 16
}

/// One update of all parameters, applied range by range.
struct AdamUpdate: Sendable {
  fileprivate let whole: Shared<AdamPass>

  /// Updates `count` numbers from `start` on, both multiples of sixteen, from `gradients`, which begin there.
  func apply(_ start: Int, _ count: Int, gradients: UnsafePointer<Float>, _ kernels: KernelTable) {
    var part = whole.value
    part.count = count
    part.weights += start
    part.gradients = gradients
    part.firstMoment += start
    part.secondMoment += start
    kernels.adam(part)
  }
}
