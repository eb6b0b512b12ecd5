import Foundation
import Synchronization

/// A file under a name that nobody else has, on its way to a place in the same folder.
///
/// Its writer holds a lock on it that dies with the process, so that others can tell what a killed process has left from
/// what is being written.
struct TemporaryFile {
  /// Open for writing.
  let descriptor: Int32
  private let name: String

  private static let prefix = ".translate-"
  private static let suffix = ".partial"
  /// Seconds without a change after which a file may be an abandoned one. Not every disk that several computers share
  /// shows the locks of one to the others.
  private static let leastAge = 600.0
  /// Names that are tried; a second one is only ever needed where somebody removed the first.
  private static let mostAttempts = 16

  /// Makes an empty file in `folder`, which ends in a slash.
  ///
  /// - Throws: `FileError` naming `path`, the file that is to be written in the end.
  init(in folder: String, for path: String) throws {
    var code = EEXIST
    for _ in 0..<Self.mostAttempts {
      let digits = String(UInt64.random(in: .min ... .max), radix: 16)
      let name = folder + Self.prefix + String(repeating: "0", count: 16 - digits.count) + digits + Self.suffix
      // Exclusive: whatever lies there, a link above all, is left alone.
      let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        code = errno
        if code == EEXIST || code == EINTR { continue }
        break
      }
      if Self.isKept(descriptor) {
        (self.descriptor, self.name) = (descriptor, name)
        return
      }
      close(descriptor)
    }
    throw FileError.unwritable(path, code: code)
  }

  /// Locks a new file; false where somebody took it for an abandoned one in between. Some disks know no locks: there
  /// nothing is ever taken for abandoned.
  private static func isKept(_ descriptor: Int32) -> Bool {
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return false }
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink > 0
  }

  /// Syncs the file to the disk and renames it to `path`.
  ///
  /// - Throws: `FileError` naming `path`; the file is still to be removed then.
  func take(place path: String) throws {
    // Some file systems report a full disk only now.
    while fsync(descriptor) != 0 { guard errno == EINTR else { throw FileError.unwritable(path, code: errno) } }
    guard rename(name, path) == 0 else { throw FileError.unwritable(path, "cannot be replaced", code: errno) }
    close(descriptor)
  }

  /// Removes the file.
  func remove() {
    unlink(name)
    close(descriptor)
  }

  // MARK: - What killed processes leave

  private static let searched = Mutex<Set<String>>([])

  /// Removes the temporary files in `folder` whose writer is gone; once in the life of this process.
  static func removeAbandonedOnce(in folder: String) {
    guard searched.withLock({ $0.insert(folder).inserted }) else { return }
    removeAbandoned(in: folder)
  }

  /// Removes the temporary files in `folder` whose writer is gone.
  static func removeAbandoned(in folder: String) {
    // A folder that cannot be listed may still be written to.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where isOurs(name) {
      let path = folder + name
      guard
        let changed = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date,
        -changed.timeIntervalSinceNow > leastAge
      else { continue }
      // Not blocking: a pipe may have such a name too. For writing: network disks lock nothing else exclusively.
      let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        flock(descriptor, LOCK_EX | LOCK_NB) == 0
      {
        unlink(path)
      }
      close(descriptor)
    }
  }

  private static func isOurs(_ name: String) -> Bool {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return false }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    return digits.utf8.count == 16 && digits.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "f") ~= $0 }
  }
}
