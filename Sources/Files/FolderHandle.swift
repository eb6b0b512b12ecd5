import Foundation

/// A folder that stays the one that was opened, whatever becomes of its name: where somebody moves it away and makes another
/// in its place, nothing done here reaches that other one.
package final class FolderHandle: Sendable {
  /// What came of making a file that must not be there yet.
  package enum Creation: Sendable, Equatable {
    case made
    /// Somebody else was first.
    case taken
    /// The folder has been removed.
    case gone
  }

  /// Under which name it was opened.
  package let path: String
  private let descriptor: Int32

  /// Opens the folder at `path`, which must be no link; nil: nothing is there.
  ///
  /// - Throws: `FileError` where it is no folder, or may not be read
  package init?(_ path: String) throws(FileError) {
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    self.path = path
    guard descriptor < 0 else { return }
    if errno == ENOENT { return nil }
    throw FileError(
      path: path, problem: "cannot be opened: \(systemReason())", advice: "check the folder and its permissions")
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether its name still leads to it.
  package var isInPlace: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && FileIdentity(status) == FileIdentity(path)
  }

  /// The names in it, in any order; empty where it has been removed.
  ///
  /// - Throws: `FileError` where they cannot be read
  package func names() throws(FileError) -> [String] {
    let unreadable = { () -> FileError in
      FileError(
        path: self.path, problem: "cannot be listed: \(systemReason())", advice: "check the folder and its permissions")
    }
    // Opened anew: a copied descriptor would share its position with others that list.
    let listing = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard listing >= 0 else {
      if errno == ENOENT || errno == ESTALE { return [] }
      throw unreadable()
    }
    guard let stream = fdopendir(listing) else {
      let error = unreadable()
      close(listing)
      throw error
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Makes the file `name` with `text` in it, unless it is there: of all that try at once, on whatever machines, one does.
  ///
  /// - Throws: `FileError` where the system refuses
  package func create(_ name: String, holding text: String = "") throws(FileError) -> Creation {
    let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard file >= 0 else {
      switch errno {
      case EEXIST: return .taken
      case ENOENT, ESTALE: return .gone
      default: throw FileError.unwritable(FileError.joined(path, name), code: errno)
      }
    }
    defer { close(file) }
    guard write(file, text, text.utf8.count) == text.utf8.count else {
      throw FileError.unwritable(FileError.joined(path, name), code: errno)
    }
    return .made
  }

  /// Whether there is a file `name`.
  package func contains(_ name: String) -> Bool { faccessat(descriptor, name, F_OK, 0) == 0 }

  /// Opens the file `name`, whose numbers are asked for anew where they come from another machine; nil: it is not there.
  package func file(_ name: String, forWriting: Bool = false) -> OpenFile? {
    let file = openat(descriptor, name, (forWriting ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    return file >= 0 ? OpenFile(file) : nil
  }

  /// Removes the file `name`, if it is there.
  package func remove(_ name: String) { unlinkat(descriptor, name, 0) }

  /// Gives it another name beside its own, and then removes all that is in it and itself; what cannot be removed stays there.
  ///
  /// - Parameter name: a name that nobody else takes
  package func moveAway(to name: String) {
    let place = FileError.joined((path as NSString).deletingLastPathComponent, name)
    guard isInPlace, rename(path, place) == 0 else { return }
    for name in (try? names()) ?? [] { remove(name) }
    rmdir(place)
  }
}

/// A file that is open, and closed with the object.
package final class OpenFile: Sendable {
  private let descriptor: Int32

  fileprivate init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// The first bytes, as text.
  package func text(atMost count: Int = 256) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = pread(descriptor, &bytes, count, 0)
    return String(decoding: bytes.prefix(max(0, read)), as: UTF8.self)
  }

  /// Writes `text` at the beginning.
  package func write(_ text: String) { _ = pwrite(descriptor, text, text.utf8.count, 0) }

  /// Makes the file as new as it can be, by the clock of the machine that its disk belongs to.
  package func touch() { futimens(descriptor, nil) }

  /// When it was last changed, in seconds of the clock of the machine that its disk belongs to; nil: nobody knows.
  package var changed: Double? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    #if os(Linux)
      let time = status.st_mtim
    #else
      let time = status.st_mtimespec
    #endif
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Locks it against all others, until it is closed or the process ends; false: somebody else has locked it, or the disk
  /// knows no locks.
  package func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
}

extension FileError {
  fileprivate static func joined(_ folder: String, _ name: String) -> String {
    (folder as NSString).appendingPathComponent(name)
  }
}
