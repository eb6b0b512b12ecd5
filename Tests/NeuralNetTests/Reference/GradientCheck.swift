import TestSupport
import Testing
@testable import NeuralNet

/// Compares a network's passes with the plain reference in Double: outputs directly, gradients with central differences
/// along random directions, where one wrong number of a tensor shows in every direction.
struct GradientCheck {
  let network: Network
  let shape: Shape
  var mode = ExecutionMode.training(inputGradient: true)
  var random: RandomGenerator
  var dropoutKey: UInt64 = 0
  var tolerance = 1e-5

  /// Step of the differences; kinks are at least `clearance` away, a hundred times what single precision loses there.
  private static let step = 1e-7
  private static let clearance = 2e-5
  private static let directions = 2

  init(_ network: Network, _ shape: Shape, seed: UInt64) {
    self.network = network
    self.shape = shape
    random = RandomGenerator(seed: seed)
  }

  /// Draws parameters and input away from kinks, then compares everything.
  mutating func run(_ what: String, processor: Processor, sourceLocation: SourceLocation = #_sourceLocation) throws {
    guard let (input, reference) = drawAwayFromKinks() else {
      Issue.record("\(what): every draw lies at a kink", sourceLocation: sourceLocation)
      return
    }
    let execution = try Execution(network, shape: shape, mode: mode, processor: processor)
    execution.input.setNCHW(input.map(Float.init))
    execution.forward(dropoutKey: dropoutKey)
    let expected = reference.run(.init(shape, input)).output
    #expect(execution.output.shape == expected.shape, sourceLocation: sourceLocation)
    func check(_ name: String, _ error: Double) {
      #expect(
        error < tolerance, "\(what), \(name): relative error \(error), tolerance \(tolerance)",
        sourceLocation: sourceLocation)
    }
    check("output", relativeError(execution.output.nchw(), expected.values.map(Float.init)))

    let upstream = normal(expected.values.count)
    execution.outputGradient.setNCHW(upstream.map(Float.init))
    execution.backward()
    func loss(_ reference: ReferenceNetwork, _ input: [Double]) -> Double {
      zip(reference.run(.init(shape, input)).output.values, upstream).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let directions = normal(Self.directions * input.count)
    check("input gradient", Self.differ(execution.inputGradient.nchw(), input, directions) { loss(reference, $0) })
    let gradients = try network.parameters.gradients()
    for (index, parameter) in network.parameters.parameters.enumerated() {
      let gradient = network.parameters.fileOrder(parameter, from: gradients)
      let directions = normal(Self.directions * parameter.count)
      let error = Self.differ(gradient, reference.parameters[index], directions) {
        var shifted = reference
        shifted.parameters[index] = $0
        return loss(shifted, input)
      }
      check("gradient of " + parameter.name, error)
    }
  }

  /// The largest distance between the gradient along a direction and the central difference, over the gradient's norm.
  private static func differ(
    _ gradient: [Float], _ place: [Double], _ directions: [Double], _ loss: ([Double]) -> Double
  ) -> Double {
    let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let errors = (0..<Self.directions).map { number in
      let direction = directions[number * place.count..<(number + 1) * place.count]
      let above = loss(zip(place, direction).map { $0 + step * $1 })
      let below = loss(zip(place, direction).map { $0 - step * $1 })
      let expected = (above - below) / (2 * step)
      let actual = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
      // A gradient of exactly 0 (a bias before a normalisation) is compared with 1, the size of what is upstream.
      return abs(actual - expected) / (norm > 0 ? norm : 1)
    }
    return errors.max() ?? .infinity
  }

  private mutating func drawAwayFromKinks() -> (input: [Double], reference: ReferenceNetwork)? {
    for _ in 0..<200 {
      for parameter in network.parameters.parameters {
        let fan = Double(parameter.count / parameter.shape[0]).squareRoot()
        let isScale = parameter.initialization == .normalizationScale
        let values = normal(parameter.count).map { isScale ? Float(1 + 0.2 * $0) : Float($0 / fan) }
        network.parameters.setFileOrder(parameter, values)
      }
      let input = normal(shape.count).map { Double(Float($0)) }
      var reference = ReferenceNetwork(network, mode)
      reference.dropoutKey = dropoutKey
      if reference.run(.init(shape, input)).distanceToKink > Self.clearance { return (input, reference) }
    }
    return nil
  }

  /// Sums of twelve uniform numbers: near enough to normal, and bounded.
  private mutating func normal(_ count: Int) -> [Double] {
    (0..<count).map { _ in (0..<12).reduce(-6) { sum, _ in sum + random.uniform() } }
  }
}
