import Foundation

/// Writing a file so that a kill at any moment leaves either the old content or the new one, whole.
public enum AtomicFile {
  /// Writes to a temporary name beside `path` through `write`, syncs it to the disk, and renames it into place.
  ///
  /// - Throws: what `write` throws, or a `FileError` naming `path` where the system refuses.
  public static func write(to path: String, _ write: (FileHandle) throws -> Void) throws {
    let temporary = path + ".partial"
    guard FileManager.default.createFile(atPath: temporary, contents: nil),
      let handle = FileHandle(forWritingAtPath: temporary)
    else {
      throw FileError(
        path: path, problem: "cannot be written: \(reason())", advice: "check the folder and its permissions")
    }
    do {
      try write(handle)
      try handle.synchronize()
      try handle.close()
    } catch {
      try? handle.close()
      unlink(temporary)
      if error is FileError { throw error }
      throw FileError(path: path, problem: "cannot be written: \(reason())", advice: "is the disk full?")
    }
    guard rename(temporary, path) == 0 else {
      let why = reason()
      unlink(temporary)
      throw FileError(path: path, problem: "cannot be replaced: \(why)")
    }
    synchronizeFolder(of: path)
  }

  /// Writes `data` atomically.
  public static func write(_ data: Data, to path: String) throws {
    try write(to: path) { try $0.write(contentsOf: data) }
  }

  /// Makes the rename itself durable.
  private static func synchronizeFolder(of path: String) {
    let folder = (path as NSString).deletingLastPathComponent
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
