import Files
import Foundation

extension PNG {
  /// Reads a PNG file.
  ///
  /// - Throws: `FileError` naming `path` where there is no such file, it may not be read, or `decode` refuses it.
  public static func read(_ path: String, limit: ImageLimit = .default) throws -> Picture {
    let file = try open(path)
    let beginning = try bytes(of: file, count: PNGChunks.headerByteCount, path: path)
    let header = try beginning.withUnsafeBytes { try PNGChunks.header($0, path: path) }
    try header.check(limit, path: path)
    // Incompressible rows with their filter bytes, chunk headers, and room for metadata.
    let largest = 2 * header.rawByteCount + header.height + 64 << 20
    try seek(file, to: 0, path: path)
    let expected = min(largest, try fileSize(file, path: path))
    try SystemMemory.require(expected + header.decodedByteCount, for: .picture, path: path)
    let stream = try bytes(of: file, count: expected, path: path)
    guard stream.count < largest else {
      throw PNGChunks.damaged(path, "it is too large a file for \(header.width) × \(header.height) pixels")
    }
    return try decode(stream, path: path, limit: limit)
  }

  /// Reads what the beginning of a PNG file says, without its pixels.
  ///
  /// - Throws: `FileError` naming `path` where there is no such file, it may not be read, is no PNG or is cut off.
  package static func header(_ path: String) throws -> PNGHeader {
    let file = try open(path)
    let beginning = try bytes(of: file, count: 4096, path: path)
    var header = try beginning.withUnsafeBytes { try PNGChunks.header($0, path: path) }
    var offset = PNGChunks.signature.count
    while true {
      // A chunk behind the first bytes (a colour profile lies before it) is looked up in its place.
      var chunk = beginning.dropFirst(offset).prefix(8)
      if chunk.count < 8 {
        try seek(file, to: offset, path: path)
        chunk = try bytes(of: file, count: 8, path: path)
      }
      guard chunk.count == 8 else { throw PNGChunks.truncated(path) }
      let (count, kind) = chunk.withUnsafeBytes { (PNGChunks.number($0, at: 0), PNGChunks.number($0, at: 4)) }
      if kind == PNGChunks.transparency { header.hasAlpha = true }
      if kind == PNGChunks.imageData { return header }
      if kind == PNGChunks.end { throw PNGChunks.damaged(path, "it holds no pixels") }
      offset += 12 + Int(count)
    }
  }

  /// Writes a picture as a PNG file, as `encode` makes it; a kill at any moment leaves the old file or the new one.
  ///
  /// - Throws: `FileError` naming `path` where it cannot be written.
  public static func write(_ image: Picture, to path: String) throws {
    do {
      try write(to: path, height: image.height) { image }
    } catch var error as FileError {
      if error.path == nil { error.path = path }
      throw error
    }
  }

  /// Opens a file for reading that is a file indeed: folders, pipes and devices are refused before they can block.
  static func open(_ path: String) throws -> FileHandle {
    var status = stat()
    guard stat(path, &status) == 0 else { throw systemError(path) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw FileError(path: path, problem: "is a folder, a PNG file was expected", advice: "name a file in it")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, problem: "is no file but a pipe, socket or device, a PNG file was expected")
    }
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemError(path) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// The next `count` bytes, fewer at the end of the file.
  static func bytes(of file: FileHandle, count: Int, path: String) throws -> Data {
    do {
      return try file.read(upToCount: count) ?? Data()
    } catch {
      throw FileError(path: path, problem: "cannot be read: \(error.localizedDescription)")
    }
  }

  static func fileSize(_ file: FileHandle, path: String) throws -> Int {
    var status = stat()
    guard fstat(file.fileDescriptor, &status) == 0 else { throw systemError(path) }
    return Int(clamping: status.st_size)
  }

  static func seek(_ file: FileHandle, to offset: Int, path: String) throws {
    do {
      try file.seek(toOffset: UInt64(offset))
    } catch {
      throw FileError(path: path, problem: "cannot be read: \(error.localizedDescription)")
    }
  }

  /// The last refusal of the system, in words.
  private static func systemError(_ path: String) -> FileError {
    switch errno {
    case ENOENT, ENOTDIR: FileError(path: path, problem: "does not exist", advice: "check the path")
    case EACCES, EPERM: FileError(path: path, problem: "may not be read", advice: "check its permissions")
    default: FileError(path: path, problem: "cannot be read: \(String(cString: strerror(errno)))")
    }
  }
}
