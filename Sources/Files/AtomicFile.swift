import Foundation

/// Writing a file so that a kill at any moment leaves either the old content or the new one, whole.
///
/// Everything that this package writes goes through here, but for tables that grow by a row at a time.
package enum AtomicFile {
  /// Writes to a temporary file beside `path` through `write`, syncs it to the disk, and renames it into place.
  ///
  /// A link at `path` is replaced and not followed. The temporary file has a name of its own that begins with a dot,
  /// and is removed after any failure; what a killed process has left of it, the next one that writes to the folder
  /// removes.
  ///
  /// - Throws: what `write` throws (then `path` is as it was), or a `FileError` naming `path` where the system refuses.
  package static func write(to path: String, _ write: (ByteSink) throws -> Void) throws {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
    TemporaryFile.removeAbandonedOnce(in: folder)
    let temporary = try TemporaryFile(in: folder, for: path)
    do {
      let sink = ByteSink(temporary.descriptor, path: path)
      try write(sink)
      try sink.flush()
      try temporary.take(place: path)
    } catch {
      temporary.remove()
      throw error
    }
    synchronize(folder: folder)
  }

  /// Writes `data` atomically.
  package static func write(_ data: Data, to path: String) throws {
    try write(to: path) { sink in try data.withUnsafeBytes { try sink.write($0) } }
  }

  /// Gives the file at `path` the name `place` in the same folder, in place of a file that is there.
  ///
  /// - Throws: `FileError` naming `place` where the system refuses
  package static func move(_ path: String, to place: String) throws {
    guard rename(path, place) == 0 else { throw FileError.unwritable(place, "cannot be replaced", code: errno) }
    synchronize(folder: place.lastIndex(of: "/").map { String(place[...$0]) } ?? "./")
  }

  /// Makes the rename itself durable.
  private static func synchronize(folder: String) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// Making folders to write to.
package enum OutputFolder {
  /// Makes the folder at `path`, and those that it lies in, where they are missing.
  ///
  /// - Throws: `FileError` naming `path` where the system refuses.
  package static func make(_ path: String) throws {
    guard let code = refusal(path) else { return }
    throw FileError.unwritable(path, "cannot be made a folder", code: code)
  }

  /// Makes the folder that the file at `path` is to lie in.
  ///
  /// - Throws: `FileError` naming the folder where the system refuses.
  package static func make(forFile path: String) throws {
    if let folder = parent(of: path) { try make(folder) }
  }

  private static func refusal(_ path: String) -> Int32? {
    if mkdir(path, 0o777) == 0 { return nil }
    var code = errno
    if code == ENOENT, let parent = parent(of: path) {
      if let refusal = refusal(parent) { return refusal }
      if mkdir(path, 0o777) == 0 { return nil }
      code = errno
    }
    // Some systems look at permissions before they see that the folder is there.
    var status = stat()
    if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR ? nil : ENOTDIR }
    return code
  }

  private static func parent(of path: String) -> String? {
    var rest = path[...]
    while rest.last == "/" { rest.removeLast() }
    guard let slash = rest.lastIndex(of: "/") else { return nil }
    return slash == rest.startIndex ? "/" : String(rest[..<slash])
  }
}

/// What the system says about the last call that failed.
func systemReason() -> String { String(cString: strerror(errno)) }
