import Foundation

/// Random access to the bytes of a file, or to bytes in memory, every range checked.
///
/// Files are read with `pread` and not mapped: a mapped file that somebody shortens meanwhile, or a network disk that
/// fails, would end the process with SIGBUS where a read throws. Weights are read once, so nothing is lost.
package final class ByteSource: Sendable {
  /// The file as the user named it; nil for bytes in memory.
  package let path: String?
  /// Bytes there were when the file was opened.
  package let count: Int

  private enum Storage: Sendable {
    case memory([UInt8])
    case file(descriptor: Int32)
  }
  private let storage: Storage

  /// Bytes in memory, named `path` in errors.
  package init(bytes: [UInt8], path: String? = nil) {
    self.path = path
    count = bytes.count
    storage = .memory(bytes)
  }

  /// Opens a regular file.
  ///
  /// - Throws: `FileError` where there is none or it may not be read.
  package init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let advice: Phrase = errno == ENOENT ? "check the path" : "check its permissions"
      throw FileError(path: path, problem: "cannot be opened: \(systemReason())", advice: advice)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let size = Int(exactly: status.st_size)
    else {
      close(descriptor)
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw FileError(
        path: path, problem: isFolder ? "is a folder" : "is no regular file", advice: "a file was expected here")
    }
    self.path = path
    count = size
    storage = .file(descriptor: descriptor)
  }

  deinit {
    if case .file(let descriptor) = storage { close(descriptor) }
  }

  /// Fills `buffer` with the bytes from `offset` on.
  ///
  /// - Throws: `FileError` where the range does not lie in the file or the system fails.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    try check(offset: offset, count: buffer.count)
    switch storage {
    case .memory(let bytes):
      bytes.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
      }
    case .file(let descriptor):
      var done = 0
      while done < buffer.count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        let received = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
        if received < 0 && errno == EINTR { continue }
        guard received > 0 else {
          let reason = received < 0 ? systemReason() : "the file became shorter meanwhile"
          throw FileError(path: path, problem: "cannot be read: \(reason)")
        }
        done += received
      }
    }
  }

  /// Calls `body` with the bytes of `range`, which live only so long; they may lie at any alignment.
  ///
  /// - Throws: `FileError` where the range does not lie in the file or the system fails, and what `body` throws.
  package func withBytes<Result>(
    in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try check(offset: range.lowerBound, count: range.count)
    if case .memory(let bytes) = storage {
      return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
    try SystemMemory.require(range.count, for: .file, path: path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 16)
    defer { buffer.deallocate() }
    try read(into: buffer, at: range.lowerBound)
    return try body(UnsafeRawBufferPointer(buffer))
  }

  /// Calls `body` with the bytes of `range` in order, a piece at a time; no piece is cut inside an element of up to
  /// 16 bytes.
  package func forEachPiece(of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, start + pieceSize)
      try withBytes(in: start..<end, body)
      start = end
    }
  }

  /// The bytes of `range`.
  package func bytes(in range: Range<Int>) throws -> [UInt8] {
    try check(offset: range.lowerBound, count: range.count)
    try SystemMemory.require(range.count, for: .file, path: path)
    return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      try read(
        into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: range.count), at: range.lowerBound)
      initialized = range.count
    }
  }

  private let pieceSize = 1 << 18

  private func check(offset: Int, count: Int) throws {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      throw FileError(path: path, problem: "ends before byte \(offset) + \(count); it has \(self.count)")
    }
  }
}
