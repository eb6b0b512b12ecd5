import Foundation
import Synchronization
import Testing
@testable import Parallel

@Suite struct WorkerPoolTests {
  /// Calls per piece, and whether every worker's number was one of the pool's.
  private static func count(_ pool: WorkerPool, _ pieces: Int) -> (calls: [Int], workersAreValid: Bool) {
    let calls = Mutex([Int](repeating: 0, count: pieces))
    let isValid = Mutex(true)
    pool.run(pieces) { piece, worker in
      calls.withLock { $0[piece] += 1 }
      if !(0..<pool.threads).contains(worker) { isValid.withLock { $0 = false } }
    }
    return (calls.withLock { $0 }, isValid.withLock { $0 })
  }

  @Test(arguments: [1, 2, 3, 8]) func everyPieceOnce(threads: Int) {
    let pool = WorkerPool(threads: threads)
    #expect(pool.threads == threads)
    for pieces in [0, 1, 2, 3, 7, 100, 1000] {
      let (calls, workersAreValid) = Self.count(pool, pieces)
      #expect(calls == [Int](repeating: 1, count: pieces))
      #expect(workersAreValid)
    }
  }

  /// Every piece of every job is noted once, in order, with the time that it took.
  @Test func aTrace() {
    let trace = WorkTrace()
    let pool = WorkerPool(noting: trace)
    for pieces in [3, 1, 0] {
      pool.run(pieces) { piece, worker in
        #expect(worker == 0)
        if piece == 1 { Thread.sleep(forTimeInterval: 0.02) }
      }
    }
    let jobs = trace.take()
    #expect(jobs.map(\.count) == [3, 1, 0])
    #expect(jobs[0][1] >= 0.02 && jobs[0][0] < jobs[0][1])
    #expect(trace.take().isEmpty)
  }

  /// No piece of a job runs after `run` has returned, and none sees the job before.
  @Test(arguments: [2, 3, 5]) func manySmallJobs(threads: Int) {
    let pool = WorkerPool(threads: threads)
    let sum = Atomic<Int>(0)
    for job in 0..<5000 {
      let pieces = job % 7
      pool.run(pieces) { piece, _ in sum.add(job * 10 + piece, ordering: .relaxed) }
      let expected = pieces * job * 10 + pieces * (pieces - 1) / 2
      let total = sum.exchange(0, ordering: .relaxed)
      guard total == expected else {
        Issue.record("job \(job): \(total) instead of \(expected)")
        return
      }
    }
  }

  /// Workers that fell asleep wake up for the next job.
  @Test func reuseAfterSleep() {
    let pool = WorkerPool(threads: 3)
    for _ in 0..<5 {
      Thread.sleep(forTimeInterval: 0.02)
      #expect(Self.count(pool, 50).calls.allSatisfy { $0 == 1 })
    }
  }

  /// No two pieces use one worker's scratch at the same time.
  @Test func workersAreExclusive() {
    let pool = WorkerPool(threads: 4)
    let busy = Mutex([Bool](repeating: false, count: 4))
    let clashes = Atomic<Int>(0)
    pool.run(400) { _, worker in
      busy.withLock { if $0[worker] { clashes.add(1, ordering: .relaxed) } else { $0[worker] = true } }
      Thread.sleep(forTimeInterval: 1e-5)
      busy.withLock { $0[worker] = false }
    }
    #expect(clashes.load(ordering: .relaxed) == 0)
  }

  /// More stack than there are addresses: no thread can be started, and the caller does it all.
  @Test func worksWithoutThreads() {
    let pool = WorkerPool(threads: 4, stackSize: 1 << 50)
    #expect(pool.threads == 1)
    #expect(Self.count(pool, 100).calls == [Int](repeating: 1, count: 100))
    #expect(!SystemThread.start(stackSize: 1 << 50) { Issue.record("a thread was started") })
  }

  @Test func threadsRunTheirWork() throws {
    let pipe = Pipe()
    #expect(SystemThread.start { pipe.fileHandleForWriting.write(Data([7])) })
    #expect(try pipe.fileHandleForReading.read(upToCount: 1) == Data([7]))
  }

  @Test func defaultsToThisProcessesProcessors() {
    #expect(WorkerPool().threads == ProcessInfo.processInfo.activeProcessorCount)
    #expect(WorkerPool(threads: 0).threads == 1)
    #expect(WorkerPool(threads: -3).threads == 1)
  }

  #if os(Linux)
    /// Threads end with their pool, whether it has worked or not.
    @Test func threadsEnd() throws {
      for round in 0..<100 {
        let pool = WorkerPool(threads: 5)
        if round % 2 == 0 { pool.run(10) { _, _ in } }
      }
      func threads() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
      var left = try threads()
      for _ in 0..<100 where left >= 150 {
        Thread.sleep(forTimeInterval: 0.05)
        left = try threads()
      }
      #expect(left < 150, "\(left) threads are left of 400 and those of other tests")
    }
  #endif
}
