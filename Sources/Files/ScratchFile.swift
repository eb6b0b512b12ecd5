import Foundation

/// Room on a disk for numbers that memory has none for: a file without a name, which is gone with the object and with the
/// process, however that ends.
///
/// It is read and written, not mapped: what goes wrong is an error with a sentence, where a page that cannot be had would be
/// a signal, and the memory that a process takes stays what it has asked for.
package final class ScratchFile: Sendable {
  /// Where it lies.
  package let folder: String
  /// Bytes that it has room for.
  package let bytes: Int
  private let descriptor: Int32

  /// The folder for those who name none: what `TMPDIR` says, else `/var/tmp` where `/tmp` lies in memory.
  package static var standardFolder: String {
    if let named = ProcessInfo.processInfo.environment["TMPDIR"], !named.isEmpty { return named }
    return isInMemory("/tmp") ? "/var/tmp" : "/tmp"
  }

  /// A file of `bytes` bytes in `folder`, whose blocks are reserved.
  ///
  /// - Throws: `FileError` where the folder is not there, may not be written to, lies in memory or has no such room
  package init(in folder: String, bytes: Int) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw FileError(
        path: folder, problem: isFolder.boolValue ? "cannot be read" : "is no folder for scratch files",
        advice: "make it, or choose another with \(setting: "scratch")")
    }
    guard !Self.isInMemory(folder) else {
      throw FileError(
        path: folder, problem: "lies in memory, where scratch files spare none",
        advice: "choose a folder on a disk with \(setting: "scratch")")
    }
    let name = (folder as NSString).appendingPathComponent(
      ".translate-" + String(UInt64.random(in: .min ... .max), radix: 16) + ".scratch")
    let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw FileError.unwritable(folder, "takes no scratch file", code: errno)
    }
    unlink(name)
    let code = Self.reserve(descriptor, bytes)
    guard code == 0 else {
      close(descriptor)
      throw Self.full(folder, bytes, code)
    }
    (self.folder, self.bytes, self.descriptor) = (folder, bytes, descriptor)
  }

  deinit { close(descriptor) }

  private static func full(_ folder: String, _ bytes: Int, _ code: Int32) -> FileError {
    var error = FileError(
      path: folder,
      problem: "has no room for a scratch file of \(SystemMemory.text(bytes)): \(String(cString: strerror(code)))",
      advice: code == EFBIG
        ? "raise the limit on the size of files (ulimit -f)"
        : "free some space, or choose another folder with \(setting: "scratch")")
    // Not a refusal of the output: a smaller picture may go through.
    error.writeCode = nil
    return error
  }

  /// Takes blocks of the disk; the system's number for refusing it, or 0.
  private static func reserve(_ descriptor: Int32, _ bytes: Int) -> Int32 {
    // Beyond that limit the system would end the program.
    if let limit = fileLimit, limit < bytes { return EFBIG }
    #if os(Linux)
      return posix_fallocate(descriptor, 0, off_t(bytes))
    #else
      var request = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(bytes),
        fst_bytesalloc: 0)
      guard fcntl(descriptor, F_PREALLOCATE, &request) != -1, ftruncate(descriptor, off_t(bytes)) == 0 else {
        return errno
      }
      return 0
    #endif
  }

  /// Bytes that a file may have; nil: there is no limit.
  private static var fileLimit: Int? {
    var limit = rlimit()
    #if os(Linux)
      guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { return nil }
    #else
      guard getrlimit(RLIMIT_FSIZE, &limit) == 0 else { return nil }
    #endif
    return Int(exactly: limit.rlim_cur)
  }

  /// Whether `folder` lies in a file system that is kept in memory.
  private static func isInMemory(_ folder: String) -> Bool {
    #if os(Linux)
      var status = stat()
      guard stat(folder, &status) == 0,
        let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
      else { return false }
      // Numbers of the device as in <sys/sysmacros.h>; a line is "36 35 MAJOR:MINOR ... - TYPE SOURCE OPTIONS".
      let device = UInt64(status.st_dev)
      let number = "\(device >> 8 & 0xFFF):\(device & 0xFF | device >> 12 & 0xFFF00)"
      return mounts.split(separator: "\n").contains { line in
        let words = line.split(separator: " ")
        guard words.count > 2, words[2] == number, let dash = words.firstIndex(of: "-") else { return false }
        return words[dash...].dropFirst().first.map { $0 == "tmpfs" || $0 == "ramfs" } ?? false
      }
    #else
      return false
    #endif
  }

  // MARK: - Numbers

  /// Reads bytes from `offset` on. Several threads may do so at once.
  ///
  /// - Throws: `FileError` where the disk refuses
  package func read(_ memory: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < memory.count {
      let count = pread(descriptor, memory.baseAddress.map { $0 + done }, memory.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw FileError(
          path: folder,
          problem: "the scratch file cannot be read: \(String(cString: strerror(count < 0 ? errno : EIO)))",
          advice: "check the disk, or choose another folder with \(setting: "scratch")")
      }
      done += count
    }
  }

  /// Writes bytes from `offset` on. Several threads may do so at once, to different places.
  ///
  /// - Throws: `FileError` where the disk refuses
  package func write(_ memory: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < memory.count {
      let count = pwrite(descriptor, memory.baseAddress.map { $0 + done }, memory.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.full(folder, bytes, count < 0 ? errno : ENOSPC) }
      done += count
    }
  }

  /// Says that `count` bytes from `offset` on will be read soon, so that the disk can bring them meanwhile.
  package func expectReading(_ count: Int, at offset: Int) {
    #if os(Linux)
      _ = posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_WILLNEED)
    #endif
  }
}
