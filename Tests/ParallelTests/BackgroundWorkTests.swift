import Synchronization
import Testing
@testable import Parallel

/// Work beside the network, with threads and, by asking for more stack than there are addresses, without.
@Suite struct BackgroundWorkTests {
  private static let stacks = [1 << 20, 1 << 50]

  @Test(arguments: stacks) func valuesComeInOrder(stackSize: Int) {
    for workers in [1, 3] {
      let prefetch = OrderedPrefetch(count: 20, workers: workers, window: 4, stackSize: stackSize) { $0 * $0 }
      for index in 0..<20 { #expect(prefetch.next() == index * index) }
      #expect(prefetch.next() == nil)
      prefetch.stop()
    }
    let unused = OrderedPrefetch(count: 5, workers: 2, window: 2, stackSize: stackSize) { $0 }
    unused.stop()
  }

  @Test(arguments: stacks) func jobsAreAllDone(stackSize: Int) {
    let jobs = BackgroundJobs(workers: 2, limit: 3, stackSize: stackSize)
    let sum = Atomic<Int>(0)
    for job in 1...100 { jobs.add { sum.add(job, ordering: .relaxed) } }
    jobs.finish()
    #expect(sum.load(ordering: .relaxed) == 5050)
  }
}
