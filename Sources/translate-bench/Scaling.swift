import Foundation
import NeuralNet
import Parallel

/// What a run of a task takes with any number of threads, computed from one with a single thread.
///
/// Each job's pieces go, in order, to whichever thread is free first, as `WorkerPool` gives them out; between jobs one thread
/// works alone. Memory is taken to be as fast for many threads as for one and caches to grow with them, so the result is a
/// bound from above on what more threads can bring.
struct ScalingModel {
  /// For each job, the seconds of its pieces.
  let jobs: [[Double]]
  /// Seconds outside of all jobs.
  let alone: Double
  /// Seconds to begin and end a job with two threads: measured, with empty pieces.
  let fork: Double

  /// Seconds for which the line of memory that pieces are drawn from is with one thread: an atomic exchange between cores.
  private static let draw = 60e-9

  /// Seconds of a run.
  func seconds(threads: Int) -> Double {
    guard threads > 1 else { return alone + jobs.joined().reduce(0, +) }
    return jobs.reduce(alone) { $0 + seconds(of: $1, threads: threads) }
  }

  private func seconds(of job: [Double], threads: Int) -> Double {
    guard job.count > 1 else { return job.first ?? 0 }
    var free = [Double](repeating: 0, count: min(threads, job.count))
    var lineIsFree = 0.0
    for piece in job {
      let next = free.indices.min { free[$0] < free[$1] } ?? 0
      let start = max(free[next], lineIsFree)
      lineIsFree = start + Self.draw
      free[next] = start + Self.draw + piece
    }
    // Everybody else looks at the line once more.
    return (free.max() ?? 0) + fork + Self.draw * Double(threads - 2)
  }

  /// Jobs that have fewer pieces than this, and the share of all work that is in them.
  func thinJobs(pieces: Int) -> (count: Int, share: Double) {
    let thin = jobs.filter { $0.count < pieces }
    return (thin.count, thin.joined().reduce(0, +) / seconds(threads: 1))
  }
}

/// A task's milliseconds with some numbers of threads.
struct ScalingResult: Codable {
  var task: String
  var jobs: Int
  var pieces: Int
  /// Outside of all jobs.
  var aloneMilliseconds: Double
  var forkMicroseconds: Double
  var threads: [Int]
  var milliseconds: [Double]
  /// Share of the work in jobs of fewer pieces than threads.
  var thinShare: [Double]
  /// Measured, with as many threads as there are.
  var measuredThreads: Int
  var measuredMilliseconds: Double
}

/// Runs a task with one thread and with all, in turn; the least of each piece counts, since others use this machine too, and
/// what they hold up would hold up the whole job.
func measureScaling(_ task: Task, rounds: Int?) throws -> ScalingResult {
  let trace = WorkTrace()
  let processor = try Processor()
  let (traced, real) = (try task.make(Processor(noting: trace)), try task.make(processor))
  for run in [traced, real] { try run.step() }
  _ = trace.take()
  var (jobs, alone): ([[Double]], Double) = ([], .infinity)
  var measured = Double.infinity
  for _ in 0..<(rounds ?? task.rounds) {
    let elapsed = try seconds { try traced.step() }
    let found = trace.take()
    alone = min(alone, elapsed - found.joined().reduce(0, +))
    jobs = jobs.map(\.count) == found.map(\.count) ? zip(jobs, found).map { zip($0, $1).map(min) } : found
    measured = min(measured, try seconds { try real.step() })
  }
  let model = ScalingModel(jobs: jobs, alone: alone, fork: forkSeconds(processor))
  let threads = [1, 2, 4, 8, 16, 32, 64]
  return ScalingResult(
    task: real.name, jobs: model.jobs.count, pieces: model.jobs.reduce(0) { $0 + $1.count },
    aloneMilliseconds: model.alone * 1e3, forkMicroseconds: model.fork * 1e6, threads: threads,
    milliseconds: threads.map { model.seconds(threads: $0) * 1e3 },
    thinShare: threads.map { model.thinJobs(pieces: $0).share }, measuredThreads: processor.pool.threads,
    measuredMilliseconds: measured * 1e3)
}

/// Seconds that a job of two pieces takes beyond its pieces, the least of many.
private func forkSeconds(_ processor: Processor) -> Double {
  let piece = 20e-6
  let job = (0..<1000).map { _ in
    seconds {
      processor.pool.run(2) { _, _ in
        let start = ContinuousClock.now
        while (ContinuousClock.now - start) / .seconds(1) < piece {}
      }
    }
  }
  return max(0, (job.min() ?? 0) - piece)
}

func printScaling(_ result: ScalingResult) {
  print(
    "\(result.task): \(result.jobs) jobs, \(result.pieces) pieces;",
    String(
      format: "alone %.1f ms, fork %.2f µs; measured with %d threads: %.1f ms", result.aloneMilliseconds,
      result.forkMicroseconds, result.measuredThreads, result.measuredMilliseconds))
  for (index, threads) in result.threads.enumerated() {
    print(
      String(
        format: "  %2d threads %8.1f ms   %5.2f times as fast   %3.0f %% of the work in jobs of fewer pieces", threads,
        result.milliseconds[index], result.milliseconds[0] / result.milliseconds[index],
        100 * result.thinShare[index]))
  }
}
