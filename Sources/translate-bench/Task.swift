import CAllocations
import Foundation
import NeuralNet
import ResNet
import SuperResolution
import Training
import UNet

/// What can be measured as a whole, by the name that compare.py uses too.
enum Task: String, CaseIterable {
  case pix2pix
  case pix2pix4
  case labelled
  case cyclegan
  case unet
  case resnet
  case srresnet
  case rrdb
  case compact
  case enlarge
  case dcgan
  case generate

  /// What its products can be computed with.
  var precisions: [Precision] {
    switch self {
    case .unet, .resnet, .srresnet, .rrdb, .compact: Precision.allCases
    case .generate: [.float32]
    case .pix2pix, .pix2pix4, .labelled, .cyclegan, .enlarge, .dcgan: [.float32, .bfloat16]
    }
  }

  /// - Parameter precision: one of `precisions`
  func make(_ processor: Processor, _ precision: Precision = .float32) throws -> StepBenchmark {
    switch self {
    case .pix2pix: try TrainingBenchmark("pix2pix step, batch 1", .paired, precision, processor)
    case .pix2pix4: try TrainingBenchmark("pix2pix step, batch 4", .paired, batch: 4, precision, processor)
    case .labelled: try TrainingBenchmark("pix2pix step, 3 labels", .paired, labels: 3, precision, processor)
    case .cyclegan: try TrainingBenchmark("CycleGAN step", .unpaired, precision, processor)
    case .unet:
      try ApplyBenchmark("apply unet_256", UNetConfiguration(levels: 8).network(), precision, processor)
    case .resnet:
      try ApplyBenchmark("apply resnet_9blocks", ResNetConfiguration(blocks: 9).network(), precision, processor)
    case .srresnet:
      try ApplyBenchmark("apply srresnet ×4", SRResNetConfiguration().network(), side: 128, precision, processor)
    case .rrdb:
      try ApplyBenchmark("apply rrdb ×4", RRDBNetConfiguration().network(), side: 128, precision, processor)
    case .compact:
      try ApplyBenchmark("apply compact ×4", CompactConfiguration().network(), side: 128, precision, processor)
    case .enlarge:
      try TrainingBenchmark(
        "srresnet ×4 step, batch 8", TrainingConfiguration(.enlarge), batch: 8, precision, processor)
    case .dcgan:
      try TrainingBenchmark("DCGAN step, batch 64", TrainingConfiguration(.generating), batch: 64, precision, processor)
    case .generate: try SamplingBenchmark("generate 16 by dcgan_64", processor)
    }
  }

  /// Runs that take about two seconds together.
  var rounds: Int {
    switch self {
    case .pix2pix, .labelled: 9
    case .pix2pix4, .cyclegan, .enlarge, .dcgan: 3
    case .unet: 41
    case .resnet: 11
    case .srresnet, .rrdb: 3
    case .compact: 5
    case .generate: 41
    }
  }
}

/// What was measured.
struct TaskResult: Codable {
  var task: String
  var name: String
  var algorithm: String
  var medianMilliseconds: Double
  var leastMilliseconds: Double
  /// Calls of the allocator in one run, after the first.
  var allocations: Int
  /// The whole process, which has run nothing else if this is its only task.
  var peakMegabytes: Double
}

/// Runs a task with each choice of algorithms in turn, `rounds` times after one run that nobody counts.
func measure(
  _ task: Task, _ algorithms: [AlgorithmChoice], _ precision: Precision, rounds: Int?, threads: Int?
) throws -> [TaskResult] {
  let runs = try algorithms.map { try task.make(Processor(threads: threads, algorithms: $0), precision) }
  for run in runs { try run.step() }
  var times = [[Double]](repeating: [], count: runs.count)
  var allocations = [Int](repeating: 0, count: runs.count)
  for _ in 0..<(rounds ?? task.rounds) {
    for (index, run) in runs.enumerated() {
      let before = allocations_so_far()
      let start = ContinuousClock.now
      try run.step()
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      allocations[index] = Int(allocations_so_far() - before)
      times[index].append(elapsed)
    }
  }
  return runs.indices.map { index in
    let sorted = times[index].sorted()
    return TaskResult(
      task: task.rawValue, name: runs[index].name, algorithm: "\(algorithms[index])",
      medianMilliseconds: sorted[sorted.count / 2] * 1e3, leastMilliseconds: sorted[0] * 1e3,
      allocations: allocations[index], peakMegabytes: peakMegabytes())
  }
}

/// The most memory that this process has held.
func peakMegabytes() -> Double {
  var usage = rusage()
  #if os(Linux)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  #else
    getrusage(RUSAGE_SELF, &usage)
    return Double(usage.ru_maxrss) / 1_048_576
  #endif
}
