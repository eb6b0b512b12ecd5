import Foundation
import NeuralNet

let usage = """
  usage: translate-bench weights A.safetensors B.safetensors TOLERANCE
         translate-bench [layers [NAME] | kernels | [scaling] TASK ...] [--rounds N] [--threads N] [--batch N] [--precision P] [--compare-direct] [--json]

  weights           how far two checkpoints are apart, by network
  layers [NAME]     every convolution of the published networks, or those whose names begin so, by algorithm
  kernels           which kernels run, and nothing else
  scaling           what each task takes with more threads than there are, computed from the pieces of a run with one
  TASK              \(Task.allCases.map(\.rawValue).joined(separator: ", ")); all where none is named
  --compare-direct  each task once more without transforms, in turn
  --batch N         images of a layer
  --precision P     \(Precision.allCases.map(\.rawValue).joined(separator: ", ")): of layers and networks that are applied; bf16 also of steps
  """

if CommandLine.arguments.dropFirst().first == "weights" {
  do {
    exit(try compareWeights(Array(CommandLine.arguments.dropFirst(2))))
  } catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(2)
  }
}

var words = Words(Array(CommandLine.arguments.dropFirst()))

let rounds = words.number("--rounds")
let batch = words.number("--batch") ?? 1
let threads = words.number("--threads")
let precision: Precision = words.choice("--precision") ?? .float32
let isJSON = words.flag("--json")
let comparesDirect = words.flag("--compare-direct")
let showsLayers = words.flag("layers")
let showsKernels = words.flag("kernels")
let showsScaling = words.flag("scaling")
let layerName = showsLayers ? words.rest.first : nil
let tasks = words.rest.compactMap(Task.init)
guard showsLayers || tasks.count == words.rest.count, tasks.allSatisfy({ $0.precisions.contains(precision) }) else {
  FileHandle.standardError.write(Data((usage + "\n").utf8))
  exit(2)
}
if showsKernels {
  print(try Processor(threads: 1).kernelName)
  exit(0)
}
if !isJSON {
  let processor = try Processor(threads: threads)
  print("kernels \(processor.kernelName), threads \(processor.pool.threads)")
}

if showsLayers {
  let results = try measureLayers(layerName, batch: batch, precision, rounds: rounds ?? 9, threads: threads)
  if isJSON { try printJSON(results) } else { printLayers(results) }
} else if showsScaling {
  let results = try (tasks.isEmpty ? Task.allCases : tasks).map { try measureScaling($0, rounds: rounds) }
  if isJSON { try printJSON(results) } else { results.forEach(printScaling) }
} else {
  var results: [TaskResult] = []
  for task in tasks.isEmpty ? Task.allCases : tasks {
    let algorithms = comparesDirect ? [AlgorithmChoice.byShape, .direct] : [.byShape]
    let measured = try measure(task, algorithms, precision, rounds: rounds, threads: threads)
    results += measured
    guard !isJSON else { continue }
    for result in measured {
      print(
        pad(result.name, 24), pad(result.algorithm, 10),
        String(
          format: "median %8.1f ms   least %8.1f ms   %3d allocations   peak %5.0f MB", result.medianMilliseconds,
          result.leastMilliseconds, result.allocations, result.peakMegabytes))
    }
  }
  if isJSON { try printJSON(results) }
}
