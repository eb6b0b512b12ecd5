import Files
import Foundation

/// What a message between ranks is: those of one kind from one rank to another arrive in the order in which they were sent.
package enum RankMessage: Int32, Sendable, CaseIterable {
  /// What is to be done, and what came of it.
  case order
  /// Parts of gradients, on their way to who adds them up.
  case gradients
  /// Updated weights.
  case weights
  /// Everything else that is long.
  case numbers
  /// Statistics of a normalisation, in the middle of a pass.
  case statistics
}

/// A message under way, until it was found to have arrived.
package struct RankRequest: Sendable, Equatable {
  /// Where the link keeps it.
  package var place: Int
  package init(place: Int) { self.place = place }
}

/// The way from one process of several that compute together, a *rank*, to the others: bytes, in order, nothing else.
///
/// Any thread may call it. Once anything has failed, everything fails: a computation that lacks one rank is over.
package protocol RankLink: AnyObject, Sendable {
  /// Which one this is, from 0.
  var rank: Int { get }
  /// How many there are.
  var count: Int { get }

  /// Begins to send; the bytes stay as they are until the request is done.
  func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, as message: RankMessage) throws(FileError) -> RankRequest
  /// Begins to receive exactly as many bytes as were sent; they are there when the request is done.
  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, as message: RankMessage
  ) throws(FileError) -> RankRequest
  /// Whether a request is done, which must not be asked for again then.
  func isDone(_ request: RankRequest) throws(FileError) -> Bool
}

/// The pauses of who waits: short ones first, so that little time is lost, then longer ones, so that others can compute.
package struct WaitingPause {
  private var count = 0
  /// No pauses so far.
  package init() {}

  /// Pauses once: at first for nothing but another thread, in the end for half a millisecond.
  package mutating func rest() {
    count += 1
    if count < 50 { sched_yield() } else { usleep(count < 500 ? 20 : 500) }
  }
}

extension RankLink {
  /// Waits until a request is done.
  package func wait(for request: RankRequest) throws(FileError) {
    var pause = WaitingPause()
    while try !isDone(request) { pause.rest() }
  }

  /// Sends numbers, and returns when their memory may be used again.
  package func sendNumbers(_ numbers: UnsafeBufferPointer<Float>, to rank: Int) throws(FileError) {
    for range in Self.pieces(numbers.count) {
      let piece = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: numbers[range]))
      try wait(for: send(piece, to: rank, as: .numbers))
    }
  }

  /// Receives as many numbers as there is room for.
  package func receiveNumbers(
    _ numbers: UnsafeMutableBufferPointer<Float>, from rank: Int
  ) throws(FileError) {
    for range in Self.pieces(numbers.count) {
      let piece = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: numbers[range]))
      try wait(for: receive(piece, from: rank, as: .numbers))
    }
  }

  /// Parts that any transport can count the bytes of.
  private static func pieces(_ count: Int) -> [Range<Int>] {
    let most = 1 << 26
    return stride(from: 0, to: count, by: most).map { $0..<min($0 + most, count) }
  }

  /// Sends a message of any length.
  package func sendMessage(_ message: Data, to rank: Int) throws(FileError) {
    var length = UInt64(message.count)
    try throwing { try withUnsafeBytes(of: &length) { try wait(for: send($0, to: rank, as: .order)) } }
    try throwing { try message.withUnsafeBytes { try wait(for: send($0, to: rank, as: .order)) } }
  }

  /// The next message of a rank.
  package func receiveMessage(from rank: Int) throws(FileError) -> Data {
    var length: UInt64 = 0
    try throwing {
      try withUnsafeMutableBytes(of: &length) { try wait(for: receive($0, from: rank, as: .order)) }
    }
    guard length < 1 << 30 else {
      throw FileError(path: nil, problem: "rank \(rank) has sent something else than asked for")
    }
    var message = Data(count: Int(length))
    try throwing {
      try message.withUnsafeMutableBytes { try wait(for: receive($0, from: rank, as: .order)) }
    }
    return message
  }

  /// The typed error of a closure that throws no other.
  private func throwing<Value>(_ body: () throws -> Value) throws(FileError) -> Value {
    do {
      return try body()
    } catch {
      throw error as? FileError ?? FileError(path: nil, problem: "\(error)")
    }
  }
}
