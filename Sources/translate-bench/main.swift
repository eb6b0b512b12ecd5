import Foundation
import NeuralNet
import PatchDisc
import UNet

/// Median seconds of `body` over `count` calls after one warm-up.
func median(_ count: Int, _ body: () -> Void) -> Double {
  body()
  let clock = ContinuousClock()
  let times = (0..<count).map { _ in
    let elapsed = clock.measure(body).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
  }
  return times.sorted()[count / 2]
}

let processor = try Processor(threads: ProcessInfo.processInfo.environment["THREADS"].flatMap { Int($0) })
if CommandLine.arguments.count > 1 {
  try benchmarkLayers(batch: Int(CommandLine.arguments[2]) ?? 1, rounds: 8, filter: CommandLine.arguments[1], processor)
  exit(0)
}
print("kernels \(processor.kernelName), threads \(processor.pool.threads)")
let generator = try UNetGenerator.network(UNetConfiguration(levels: 8))
let discriminator = try PatchDiscriminator.network(DiscriminatorConfiguration())
var random = RandomGenerator(seed: 1)
generator.initialize(.normal, gain: 0.02, random: &random)
discriminator.initialize(.normal, gain: 0.02, random: &random)
let g = try Execution(generator, shape: Shape(1, 3, 256, 256), mode: .training(), processor: processor)
let d = try Execution(discriminator, shape: Shape(2, 6, 256, 256), mode: .training(groups: 2), processor: processor)
let dg = try Execution(
  discriminator, shape: Shape(1, 6, 256, 256), mode: .training(parameterGradients: false, inputGradient: true),
  processor: processor)
g.input.setNCHW((0..<196608).map { _ in Float(random.uniform() * 2 - 1) })
d.input.setNCHW((0..<2 * 393216).map { _ in Float(random.uniform() * 2 - 1) })
dg.input.setNCHW((0..<393216).map { _ in Float(random.uniform() * 2 - 1) })
let gAdam = try Adam(generator.parameters), dAdam = try Adam(discriminator.parameters)
print("planned MB", g.plannedBytes >> 20, d.plannedBytes >> 20, dg.plannedBytes >> 20)
g.outputGradient.fill(1e-3)
d.outputGradient.fill(1e-3)
dg.outputGradient.fill(1e-3)
let parts: [(String, () -> Void)] = [
  ("G forward", { g.forward() }),
  (
    "G backward",
    {
      g.outputGradient.fill(1e-3); g.backward()
    }
  ),
  ("D forward ×2", { d.forward() }),
  (
    "D backward ×2",
    {
      d.outputGradient.fill(1e-3); d.backward()
    }
  ),
  ("D forward", { dg.forward() }),
  (
    "D to input",
    {
      dg.outputGradient.fill(1e-3); dg.backward()
    }
  ),
  ("G Adam", { gAdam.step(learningRate: 1e-5, processor: processor) }),
  ("D Adam", { dAdam.step(learningRate: 1e-5, processor: processor) }),
]
var total = 0.0
for (name, body) in parts {
  let seconds = median(7, body)
  total += seconds
  print(name, String(format: "%.1f ms", seconds * 1000))
}
print("step", total)
