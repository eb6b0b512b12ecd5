import Files
import Foundation
import Weights

/// Keeps a second process from writing into a run folder: `RUN/.lock`, locked with flock(2).
///
/// The system takes the lock back when the process ends, however it ends; what the file says is only for people. The lock
/// belongs to the open file, not to the process, so that a second session in the same process is refused too, and is closed
/// for children that the process starts.
final class RunLock: Sendable {
  /// The name of the file in a run folder.
  static let fileName = ".lock"

  /// Why the folder is not protected, in a sentence; nil where it is.
  let warning: String?
  private let path: String
  private let descriptor: Int32

  /// Who holds a lock.
  struct Holder: Codable, Equatable {
    var pid: Int32
    var host: String
    /// Seconds since 1970.
    var since: Double

    /// This process, from now on.
    static func current() -> Holder {
      Holder(pid: getpid(), host: hostName(), since: Date().timeIntervalSince1970.rounded())
    }

    /// Without asking the network, as Foundation may.
    private static func hostName() -> String {
      var name = [CChar](repeating: 0, count: 256)
      guard gethostname(&name, name.count - 1) == 0 else { return "this computer" }
      return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// Locks the folder of `run`, which must be there.
  ///
  /// - Throws: `FileError` saying who holds it and since when, or that the folder cannot be written to
  init(_ run: RunFolder) throws {
    path = run.file(Self.fileName)
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
      guard descriptor >= 0 else { throw Self.unusable(path, String(cString: strerror(errno))) }
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw Self.unusable(path, "it is no ordinary file")
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let reason = errno
        if reason == EINTR {
          close(descriptor)
          continue
        }
        if reason == EWOULDBLOCK {
          let holder = Self.holder(descriptor)
          close(descriptor)
          throw Self.taken(run, by: holder)
        }
        // Some network file systems know no locks. Training there is better than none.
        self.descriptor = descriptor
        warning =
          "\(run.path): cannot be locked (\(String(cString: strerror(reason)))); see to it yourself that only one process "
          + "trains in this folder"
        return
      }
      // The holder before may have removed the file between our opening and our locking it: then others lock a new one.
      if FileIdentity(path) != FileIdentity(status) {
        close(descriptor)
        continue
      }
      self.descriptor = descriptor
      warning = nil
      Self.write(.current(), to: descriptor)
      return
    }
  }

  /// Whether a session holds the folder of `run` at this moment.
  static func isHeld(_ run: RunFolder) -> Bool {
    let descriptor = open(run.file(fileName), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // Given back at once: whoever asks for the folder in the same microseconds is told that it is in use.
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  deinit {
    // Removed while it is still locked, so that nobody's file is taken away.
    if warning == nil { unlink(path) }
    close(descriptor)
  }

  // MARK: - What the file says

  private static let longestNote = 4096

  private static func write(_ holder: Holder, to descriptor: Int32) {
    // Without it the lock holds all the same.
    guard let note = try? JSONEncoder().encode(holder), ftruncate(descriptor, 0) == 0 else { return }
    _ = note.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  private static func holder(_ descriptor: Int32) -> Holder? {
    var bytes = [UInt8](repeating: 0, count: longestNote)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    return try? JSONDecoder().decode(Holder.self, from: Data(bytes.prefix(count)))
  }

  private static func taken(_ run: RunFolder, by holder: Holder?) -> FileError {
    guard let holder else {
      return FileError(
        path: run.path, problem: "is in use: another process trains in it", advice: "wait for its end, or stop it")
    }
    let since = Date(timeIntervalSince1970: holder.since)
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyy-MM-dd HH:mm"
    let time = format.string(from: since)
    let here = Holder.current()
    if holder.pid == here.pid, holder.host == here.host {
      return FileError(
        path: run.path, problem: "is in use: another session of this process trains in it since \(time)",
        advice: "let that one end first")
    }
    let host = FileError.quote(holder.host).dropFirst().dropLast()
    return FileError(
      path: run.path, problem: "is in use: process \(holder.pid) on \(host) trains in it since \(time)",
      advice: "wait for its end, or stop it\(holder.host == here.host ? "" : " there") with kill \(holder.pid)")
  }

  private static func unusable(_ path: String, _ reason: String) -> FileError {
    FileError(path: path, problem: "cannot be locked: \(reason)", advice: "check the run folder and its permissions")
  }
}
