import Files
import Foundation
import Parallel

/// Ranks that are threads of one process: what messages do without a network.
package final class ThreadLink: RankLink {
  package let rank: Int
  package let count: Int
  private let network: ThreadNetwork

  private init(_ rank: Int, _ count: Int, _ network: ThreadNetwork) {
    (self.rank, self.count, self.network) = (rank, count, network)
  }

  /// The links of `count` ranks to each other.
  package static func all(_ count: Int) -> [ThreadLink] {
    let network = ThreadNetwork()
    return (0..<count).map { ThreadLink($0, count, network) }
  }

  /// Calls `body` in each of `count` ranks at once, each a thread, and returns when all have ended. Where one throws, all
  /// the others' links fail, as those of a job that lost a process.
  ///
  /// - Returns: what each has returned
  package static func run<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (ThreadLink) throws -> Value
  ) -> [Result<Value, any Error>] {
    let links = all(count)
    let results = Results<Value>(count)
    let group = DispatchGroup()
    for link in links {
      group.enter()
      let thread = Thread {
        let result = Result { try body(link) }
        if case .failure = result { link.network.end("rank \(link.rank) has ended") }
        results.set(link.rank, result)
        group.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    group.wait()
    return results.all
  }

  /// Bytes that this rank has sent, by kind.
  package func sentBytes(_ message: RankMessage) -> Int { network.sentBytes(rank, message) }

  package func send(
    _ bytes: UnsafeRawBufferPointer, to rank: Int, as message: RankMessage
  ) throws(FileError) -> RankRequest {
    try network.send(Array(bytes), .init(from: self.rank, to: rank, message: message))
  }

  package func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, as message: RankMessage
  ) throws(FileError) -> RankRequest {
    try network.receive(bytes, .init(from: rank, to: self.rank, message: message))
  }

  package func isDone(_ request: RankRequest) throws(FileError) -> Bool { try network.isDone(request) }
}

/// What each thread has returned. Unchecked: `lock` guards it.
private final class Results<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Int: Result<Value, any Error>] = [:]
  private let count: Int
  init(_ count: Int) { self.count = count }
  func set(_ rank: Int, _ value: Result<Value, any Error>) { lock.withLock { values[rank] = value } }
  var all: [Result<Value, any Error>] { lock.withLock { (0..<count).compactMap { values[$0] } } }
}

/// The messages under way. Unchecked: `lock` guards all of it.
private final class ThreadNetwork: @unchecked Sendable {
  struct Way: Hashable {
    var from: Int
    var to: Int
    var message: RankMessage
  }

  private let lock = NSLock()
  private var sent: [Way: [[UInt8]]] = [:]
  private var wanted: [Way: [(place: Int, bytes: UnsafeMutableRawBufferPointer)]] = [:]
  private var open: Set<Int> = []
  private var next = 0
  private var failure: FileError?
  private var counts: [Way: Int] = [:]

  func sentBytes(_ rank: Int, _ message: RankMessage) -> Int {
    lock.withLock { counts.filter { $0.key.from == rank && $0.key.message == message }.reduce(0) { $0 + $1.value } }
  }

  func end(_ problem: String) {
    lock.withLock { if failure == nil { failure = FileError(path: nil, problem: problem) } }
  }

  func send(_ bytes: [UInt8], _ way: Way) throws(FileError) -> RankRequest {
    lock.lock()
    defer { lock.unlock() }
    if let failure { throw failure }
    sent[way, default: []].append(bytes)
    counts[way, default: 0] += bytes.count
    match(way)
    next += 1
    return RankRequest(place: next)
  }

  func receive(_ bytes: UnsafeMutableRawBufferPointer, _ way: Way) throws(FileError) -> RankRequest {
    lock.lock()
    defer { lock.unlock() }
    if let failure { throw failure }
    next += 1
    open.insert(next)
    wanted[way, default: []].append((next, bytes))
    match(way)
    return RankRequest(place: next)
  }

  func isDone(_ request: RankRequest) throws(FileError) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if let failure { throw failure }
    return !open.contains(request.place)
  }

  private func match(_ way: Way) {
    while let message = sent[way]?.first, let place = wanted[way]?.first {
      precondition(
        message.count == place.bytes.count, "a message of \(message.count) bytes where \(place.bytes.count) fit")
      place.bytes.copyBytes(from: message)
      sent[way]?.removeFirst()
      wanted[way]?.removeFirst()
      open.remove(place.place)
    }
  }
}
