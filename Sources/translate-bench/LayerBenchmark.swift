import Foundation
import NeuralNet

/// One layer, run with one choice of algorithm.
final class LayerRun {
  let choice: AlgorithmRule.Choice
  private let inference: Execution
  private let weightGradient: Execution
  private let inputGradient: Execution
  private var times: [[Double]] = [[], [], []]

  init(_ shape: LayerShape, batch: Int, _ choice: AlgorithmRule.Choice, _ processor: Processor) throws {
    self.choice = choice
    var builder = NetworkBuilder(inputChannels: shape.inputChannels)
    let output = builder.value(channels: shape.outputChannels)
    builder.convolution("layer", shape.geometry, from: builder.input, hasBias: false, to: (output, .identity))
    let network = try builder.build(output: output)
    var random = RandomGenerator(seed: 3)
    network.initialize(.normal, gain: 0.02, random: &random)
    let input = Shape(batch, shape.inputChannels, shape.extent, shape.extent)
    let rule = AlgorithmRule(choice)
    inference = try Execution(network, shape: input, mode: ExecutionMode(), processor: processor, rule: rule)
    weightGradient = try Execution(network, shape: input, mode: .training(), processor: processor, rule: rule)
    inputGradient = try Execution(
      network, shape: input, mode: .training(parameterGradients: false, inputGradient: true), processor: processor,
      rule: rule)
    for execution in [inference, weightGradient, inputGradient] {
      execution.input.setNCHW((0..<input.count).map { _ in Float(random.uniform() * 2 - 1) })
    }
    for execution in [weightGradient, inputGradient] { execution.outputGradient.fill(1e-3) }
  }

  func measure() {
    times[0].append(seconds { inference.forward() })
    times[1].append(seconds { inputGradient.backward() })
    times[2].append(seconds { weightGradient.backward() })
  }

  /// The least seconds of forward product, data gradient and weight gradient: others use this machine too.
  var best: [Double] { times.map { $0.min() ?? 0 } }
}

func seconds(_ body: () -> Void) -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
  let start = now()
  body()
  return now() - start
}

/// All layers with the rule's choice and, to check the rule, with every other.
func benchmarkLayers(batch: Int, rounds: Int, filter: String?, _ processor: Processor) throws {
  let choices: [AlgorithmRule.Choice] = ProcessInfo.processInfo.environment["TILES"].map { [.tiles(Int($0) ?? 4)] } ?? [.byShape, .direct, .tiles(2), .tiles(3), .tiles(4), .tiles(5), .tiles(6)]
  for shape in LayerShape.all where filter.map({ $0 == "all" || shape.name.contains($0) }) ?? true {
    let runs = try choices.map { try LayerRun(shape, batch: batch, $0, processor) }
    for _ in 0..<rounds { for run in runs { run.measure() } }
    print("\(shape.name) \(shape.inputChannels)→\(shape.outputChannels) @\(shape.extent) k\(shape.geometry.kernel)")
    for run in runs {
      let rates = run.best.map {
        String(format: "%7.2f ms %6.0f", $0 * 1e3, 2e-9 * Double(shape.products * batch) / $0)
      }
      print("   \(run.choice)".padding(toLength: 14, withPad: " ", startingAt: 0), rates.joined(separator: "  "))
    }
  }
}
