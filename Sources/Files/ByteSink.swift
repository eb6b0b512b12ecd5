import Foundation

/// Bytes on their way into a file: small pieces are gathered, large ones pass without a copy.
package final class ByteSink {
  /// Bytes taken so far.
  package private(set) var count = 0

  /// Sees all bytes on their way, to compute a checksum.
  package var observer: ((UnsafeRawBufferPointer) -> Void)?

  private let descriptor: Int32
  private let path: String
  private var pending: [UInt8] = []
  private let limit = 1 << 18

  /// A sink into an open file, which stays the caller's; `path` is named in errors.
  init(_ descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
    pending.reserveCapacity(limit)
  }

  /// Takes `bytes`.
  ///
  /// - Throws: `FileError` where the system refuses.
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    count += bytes.count
    observer?(bytes)
    guard bytes.count < limit / 4 else {
      try flush()
      return try pass(bytes)
    }
    pending.append(contentsOf: bytes)
    if pending.count >= limit { try flush() }
  }

  /// Takes `bytes`.
  package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Hands everything to the system.
  package func flush() throws {
    guard !pending.isEmpty else { return }
    try pending.withUnsafeBytes { try pass($0) }
    pending.removeAll(keepingCapacity: true)
  }

  private func pass(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      // `errno` says why; FileHandle's own writing hides it.
      let sent = systemWrite(descriptor, part.baseAddress, part.count)
      if sent < 0 && errno == EINTR { continue }
      guard sent > 0 else { throw FileError.unwritable(path, code: sent < 0 ? errno : EIO) }
      rest = rest.dropFirst(sent)
    }
  }
}

/// `write(2)`, out of the reach of the methods of the same name.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
