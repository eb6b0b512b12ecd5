import Synchronization
import Testing
@testable import Parallel

/// Work beside the network, with threads and, by asking for more stack than there are addresses, without.
@Suite(.timeLimit(.minutes(1))) struct WorkQueueTests {
  private static let stacks = [1 << 20, 1 << 50]

  @Test(arguments: stacks) func valuesComeInOrder(stackSize: Int) {
    for workers in [1, 3] {
      let queue = WorkQueue(of: Array(0..<20), workers: workers, bound: 4, stackSize: stackSize) { $0 * $0 }
      for index in 0..<20 {
        #expect(queue.peek() == index * index)
        #expect(queue.next() == index * index)
      }
      #expect(queue.peek() == nil && queue.next() == nil)
      queue.stop()
    }
    let nothing = WorkQueue(of: [Int](), workers: 2, bound: 1, stackSize: stackSize) { $0 }
    #expect(nothing.next() == nil)
    nothing.stop()
  }

  /// Jobs that finish in the wrong order: the first waits until the second is done.
  @Test func lateValuesHoldUpThoseBehindThem() {
    let isSecondDone = Atomic(false)
    let queue = WorkQueue(of: [0, 1, 2], workers: 2, bound: 3) { job in
      if job == 0 { while !isSecondDone.load(ordering: .acquiring) {} }
      if job == 1 { isSecondDone.store(true, ordering: .releasing) }
      return job
    }
    #expect((0..<3).map { _ in queue.next() } == [0, 1, 2])
    queue.stop()
  }

  @Test(arguments: stacks) func noMoreIsDrawnThanTheBound(stackSize: Int) {
    let drawn = Atomic(0)
    let most = Atomic(0)
    let taken = Atomic(0)
    let queue = WorkQueue(
      workers: 3, bound: 4, stackSize: stackSize,
      drawing: { drawn.add(1, ordering: .sequentiallyConsistent).newValue },
      { job in
        most.max(job - taken.load(ordering: .sequentiallyConsistent), ordering: .sequentiallyConsistent)
        return job
      })
    for expected in 1...200 {
      #expect(queue.next() == expected)
      taken.add(1, ordering: .sequentiallyConsistent)
    }
    queue.stop()
    // One may be drawn between the taking of a value and the counting of it.
    #expect((1...5).contains(most.load(ordering: .relaxed)))
    #expect(drawn.load(ordering: .relaxed) <= 204)
  }

  @Test(arguments: stacks) func jobsAreAllDone(stackSize: Int) {
    let sum = Atomic(0)
    let unfinished = Atomic(0)
    let most = Atomic(0)
    let queue = WorkQueue(workers: 2, bound: 3, stackSize: stackSize) { (job: Int) in
      sum.add(job, ordering: .relaxed)
      unfinished.subtract(1, ordering: .sequentiallyConsistent)
    }
    for job in 1...100 {
      most.max(
        unfinished.add(1, ordering: .sequentiallyConsistent).newValue, ordering: .sequentiallyConsistent)
      queue.add(job)
    }
    queue.finish()
    #expect(sum.load(ordering: .relaxed) == 5050)
    // Three in the queue and the one that is being added.
    #expect((1...4).contains(most.load(ordering: .relaxed)))
  }

  @Test(arguments: stacks) func stoppingDropsWhatNobodyIsAt(stackSize: Int) {
    let untouched = WorkQueue(of: Array(0..<5), workers: 2, bound: 2, stackSize: stackSize) { $0 }
    untouched.stop()
    let endless = WorkQueue(workers: 2, bound: 2, stackSize: stackSize, drawing: { 1 }, { $0 })
    #expect(endless.next() == 1)
    endless.stop()
    let given = WorkQueue(workers: 2, bound: 2, stackSize: stackSize) { (_: Int) in }
    given.add(1)
    given.stop()
  }

  /// A source that comes to its end late, while threads are at what they drew before.
  @Test(arguments: stacks) func theEndOfTheJobsIsSeen(stackSize: Int) {
    let left = Atomic(7)
    let queue = WorkQueue(
      workers: 4, bound: 16, stackSize: stackSize,
      drawing: { () -> Int? in
        let value = left.subtract(1, ordering: .relaxed).newValue
        return value >= 0 ? value : nil
      }, { $0 })
    #expect((0..<7).map { _ in queue.next() } == [6, 5, 4, 3, 2, 1, 0])
    #expect(queue.next() == nil)
    queue.stop()
    #expect(left.load(ordering: .relaxed) == -1)
  }
}
