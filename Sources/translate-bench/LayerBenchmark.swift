import Foundation
import NeuralNet

/// One layer, run with one choice of algorithm.
private final class LayerRun {
  let choice: AlgorithmChoice
  private let inference: Execution
  private let weightGradient: Execution
  private let inputGradient: Execution
  private var times: [[Double]] = [[], [], [], []]

  init(_ shape: LayerShape, batch: Int, _ precision: Precision, _ processor: Processor) throws {
    choice = processor.algorithms
    var builder = NetworkBuilder(inputChannels: shape.inputChannels)
    let output = builder.value(channels: shape.outputChannels)
    builder.convolution("layer", shape.geometry, from: builder.input, hasBias: false, to: (output, .identity))
    let network = try builder.build(output: output)
    var random = RandomGenerator(seed: 3)
    network.initialize(.normal, gain: 0.02, random: &random)
    let input = Shape(batch, shape.inputChannels, shape.extent, shape.extent)
    let arena = Arena()
    var mode = ExecutionMode()
    mode.precision = precision
    inference = try Execution(network, shape: input, mode: mode, processor: processor)
    let training = precision == .int8 ? Precision.float32 : precision
    weightGradient = try Execution(
      network, shape: input, mode: .training(precision: training), processor: processor, arena: arena)
    inputGradient = try Execution(
      network, shape: input, mode: .training(parameterGradients: false, inputGradient: true, precision: training),
      processor: processor)
    let values = (0..<input.count).map { _ in Float(random.uniform() * 2 - 1) }
    for execution in [inference, weightGradient, inputGradient] { execution.input.setNCHW(values) }
    for execution in [weightGradient, inputGradient] {
      execution.forward()
      execution.outputGradient.setNCHW((0..<execution.output.shape.count).map { _ in Float(random.uniform() * 2 - 1) })
    }
    inference.forward()
  }

  func measure() {
    times[0].append(seconds { inference.forward() })
    times[1].append(seconds { weightGradient.forward() })
    times[3].append(seconds { weightGradient.backward() })
    inputGradient.forward()
    times[2].append(seconds { inputGradient.backward() })
  }

  /// The least seconds of forward product at inference and in training, data gradient and weight gradient: others use this
  /// machine too.
  var best: [Double] { times.map { $0.min() ?? 0 } }

  var output: [Float] { inference.output.nchw() }
}

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  return (ContinuousClock.now - start) / .seconds(1)
}

/// One layer with one algorithm.
struct LayerResult: Codable {
  var layer: String
  var algorithm: String
  /// Forward at inference and in training, data gradient, weight gradient.
  var milliseconds: [Double]
  /// Of a direct product's multiply-adds, padding included, so that algorithms compare.
  var gigaflops: [Double]
  /// The same over the rate of a square product by OpenBLAS with as many threads; nil without OpenBLAS.
  var shareOfMatrixProduct: [Double]
  /// ‖y − direct y‖ / ‖direct y‖
  var difference: Double
}

/// All layers, or those whose names begin so, with the rule's choice and, to check the rule, with every other.
func measureLayers(
  _ name: String?, batch: Int, _ precision: Precision, rounds: Int, threads: Int?
) throws -> [LayerResult] {
  let choices: [AlgorithmChoice] = [.direct, .byShape, .tiles(2), .tiles(3), .tiles(4), .tiles(5)]
  let processors = try choices.map { try Processor(threads: threads, algorithms: $0) }
  var results: [LayerResult] = []
  for shape in LayerShape.all where shape.description.hasPrefix(name ?? "") {
    let runs = try processors.map { try LayerRun(shape, batch: batch, precision, $0) }
    var rate = 0.0
    for _ in 0..<rounds {
      for run in runs { run.measure() }
      rate = max(rate, try MatrixProduct.rate(processors[0]))
    }
    let reference = runs[0].output
    for run in runs {
      let rates = run.best.map { 2e-9 * Double(shape.products * batch) / $0 }
      results.append(
        LayerResult(
          layer: shape.description, algorithm: "\(run.choice)", milliseconds: run.best.map { $0 * 1e3 },
          gigaflops: rates, shareOfMatrixProduct: rates.map { $0 / rate },
          difference: difference(run.output, reference)))
    }
  }
  return results
}

private func difference(_ a: [Float], _ b: [Float]) -> Double {
  var distance = 0.0
  var norm = 0.0
  for (x, y) in zip(a, b) {
    distance += Double(x - y) * Double(x - y)
    norm += Double(y) * Double(y)
  }
  return (distance / norm).squareRoot()
}

func printLayers(_ results: [LayerResult]) {
  print(
    "ms, GFLOP/s and share of sgemm's rate: forward at inference, in training, data gradient, weight gradient; difference"
  )
  var last = ""
  for result in results {
    if result.layer != last { print(result.layer) }
    last = result.layer
    let columns = result.milliseconds.indices.map {
      String(
        format: "%7.2f %5.0f %4.2f", result.milliseconds[$0], result.gigaflops[$0], result.shareOfMatrixProduct[$0])
    }
    print("  ", pad(result.algorithm, 9), columns.joined(separator: "   "), String(format: "%.1e", result.difference))
  }
}
