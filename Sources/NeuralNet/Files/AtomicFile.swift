import Foundation

/// Writing a file so that a kill at any moment leaves either the old content or the new one, whole.
public enum AtomicFile {
  /// Writes to a temporary name beside `path` through `write`, syncs it to the disk, and renames it into place.
  ///
  /// - Throws: what `write` throws (then `path` is as it was), or a `FileError` naming `path` where the system refuses.
  public static func write(to path: String, _ write: (FileHandle) throws -> Void) throws {
    let temporary = path + ".partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FileError(
        path: path, problem: "cannot be written: \(systemReason())", advice: "check the folder and its permissions")
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    do {
      try write(handle)
    } catch {
      close(descriptor)
      unlink(temporary)
      guard let failure = error as? CocoaError else { throw error }
      throw FileError(
        path: path, problem: "cannot be written: \(failure.localizedDescription)", advice: "is the disk full?")
    }
    // Some file systems report a full disk only now.
    let isSynced = fsync(descriptor) == 0
    let syncReason = systemReason()
    guard close(descriptor) == 0, isSynced else {
      unlink(temporary)
      throw FileError(path: path, problem: "cannot be written: \(syncReason)", advice: "is the disk full?")
    }
    guard rename(temporary, path) == 0 else {
      let reason = systemReason()
      unlink(temporary)
      throw FileError(path: path, problem: "cannot be replaced: \(reason)")
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
}

/// What the system says about the last call that failed.
func systemReason() -> String { String(cString: strerror(errno)) }
