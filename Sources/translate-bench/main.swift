import Foundation
import NeuralNet
import ResNet
import UNet

let processor = try Processor(threads: ProcessInfo.processInfo.environment["THREADS"].flatMap { Int($0) })
let words = CommandLine.arguments.dropFirst()
let command = words.first ?? "pix2pix"
if command == "layers" {
  try benchmarkLayers(batch: 1, rounds: 8, filter: words.dropFirst().first, processor)
} else {
  let rules = words.contains("ab") ? [AlgorithmRule(), AlgorithmRule(.direct)] : [AlgorithmRule()]
  let runs: [StepBenchmark] = try rules.map { rule in
    switch command {
    case "pix2pix4": try Pix2PixStep(batch: 4, rule, processor)
    case "cyclegan": try CycleGANStep(rule, processor)
    case "unet":
      try ApplyBenchmark("apply unet_256", UNetGenerator.network(UNetConfiguration(levels: 8)), rule, processor)
    case "resnet":
      try ApplyBenchmark("apply resnet_9", ResNetGenerator.network(ResNetConfiguration(blocks: 9)), rule, processor)
    default: try Pix2PixStep(batch: 1, rule, processor)
    }
  }
  var times = [[Double]](repeating: [], count: runs.count)
  let rounds = command == "unet" ? 30 : 7
  for round in 0..<rounds {
    for (index, run) in runs.enumerated() {
      let start = ContinuousClock.now
      let cpu = seconds(run.step)
      let wall = (ContinuousClock.now - start) / .seconds(1)
      if round > 0 { times[index].append(wall) }
      _ = cpu
    }
  }
  for (rule, list) in zip(rules, times) {
    let sorted = list.sorted()
    print(command, rule.choice, String(format: "median %.1f ms, least %.1f ms", sorted[sorted.count / 2] * 1e3, sorted[0] * 1e3))
  }
}
