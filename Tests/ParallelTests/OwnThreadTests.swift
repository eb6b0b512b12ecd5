import Foundation
import Synchronization
import Testing
@testable import Parallel

/// A number that tasks and threads share.
private final class Count: Sendable {
  private let storage = Atomic<Int>(0)

  var value: Int { storage.load(ordering: .acquiring) }

  func add() { storage.add(1, ordering: .releasing) }
}

@Suite struct OwnThreadTests {
  private struct Failure: Error {}

  @Test func workIsDoneInOrderOnOneThread() async throws {
    let thread = try #require(OwnThread())
    let first = await thread.run { ObjectIdentifier(Thread.current) }
    let order = Mutex<[Int]>([])
    for index in 0..<50 {
      let here = await thread.run {
        order.withLock { $0.append(index) }
        return ObjectIdentifier(Thread.current)
      }
      #expect(here == first)
    }
    #expect(order.withLock { $0 } == Array(0..<50))
    await #expect(throws: Failure.self) { try await thread.run { throw Failure() } }
  }

  /// More jobs wait for each other than the cooperative pool has threads: on the pool they would wait for ever.
  @Test(.timeLimit(.minutes(1))) func blockingKeepsNobodyElseFromWork() async throws {
    let count = 4 * ProcessInfo.processInfo.activeProcessorCount
    let arrived = Count()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        group.addTask {
          await OwnThread()?.run {
            arrived.add()
            while arrived.value < count { usleep(1000) }
          }
        }
      }
    }
    #expect(arrived.value == count)
  }

  @Test(.timeLimit(.minutes(1))) func workSeesThatItsCallerIsCancelled() async throws {
    let thread = try #require(OwnThread())
    let hasBegun = Count()
    let task = Task {
      await thread.run {
        hasBegun.add()
        while !Task.isCancelled { usleep(1000) }
      }
    }
    while hasBegun.value == 0 { await Task.yield() }
    task.cancel()
    await task.value
  }

  /// Threads end with their owners, or a thousand of them would be refused.
  @Test(.timeLimit(.minutes(1))) func threadsEndWithTheirOwners() async throws {
    for round in 0..<1000 {
      let thread = try #require(OwnThread(), "\(round)")
      await thread.run {}
    }
    #if os(Linux)
      var count = Int.max
      for _ in 0..<100 where count > 200 {
        usleep(10_000)
        count = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
      }
      #expect(count <= 200)
    #endif
  }
}

@Suite struct JobEventsTests {
  private struct Failure: Error {}

  @Test func eventsComeInOrderAndEndWithTheJob() async throws {
    let events = JobEvents { tell in for index in 0..<1000 { tell(index) } }
    for _ in 0..<2 {
      var seen: [Int] = []
      for try await event in events { seen.append(event) }
      #expect(seen == Array(0..<1000))
    }
  }

  @Test func anErrorComesAfterTheLastEvent() async throws {
    let iterator = JobEvents<Int> { tell in
      tell(1)
      throw Failure()
    }.makeAsyncIterator()
    #expect(try await iterator.next() == 1)
    await #expect(throws: Failure.self) { try await iterator.next() }
    #expect(try await iterator.next() == nil)
  }

  /// A cancelled reader still waits for what the job does last.
  @Test(.timeLimit(.minutes(1))) func cancellationWaitsForTheEndOfTheJob() async throws {
    let isSaved = Count()
    let hasBegun = Count()
    let reader = Task {
      let events = JobEvents<Int> { tell in
        await OwnThread()?.run {
          while !Task.isCancelled { tell(0) }
          usleep(50_000)
          tell(1)
          isSaved.add()
        }
      }
      var last = 0
      for try await event in events {
        hasBegun.add()
        last = event
      }
      return (last, isSaved.value > 0)
    }
    while hasBegun.value == 0 { await Task.yield() }
    reader.cancel()
    let (last, wasSaved) = try await reader.value
    #expect(last == 1 && wasSaved)
  }

  @Test(.timeLimit(.minutes(1))) func leavingTheLoopCancelsTheJob() async throws {
    let isCancelled = Count()
    for try await _ in JobEvents<Int>({ tell in
      tell(0)
      await OwnThread()?.run { while !Task.isCancelled { usleep(1000) } }
      isCancelled.add()
    }) { break }
    while isCancelled.value == 0 { await Task.yield() }
  }
}
