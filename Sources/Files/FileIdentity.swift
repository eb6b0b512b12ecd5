import Foundation

/// What makes two paths the same file: device and inode.
package struct FileIdentity: Hashable {
  private var device: UInt64
  private var inode: UInt64

  /// The identity of what `path` leads to; nil where nothing is there.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// The identity of a file whose status is known.
  package init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
  }
}

/// What tells that a file is still as it was: the same one, as long, and not changed since.
package struct FileVersion: Equatable {
  private var identity: FileIdentity
  private var count: Int
  private var seconds: Int
  private var nanoseconds: Int

  /// The version of what `path` leads to; nil where nothing is there.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    #if os(Linux)
      let time = status.st_mtim
    #else
      let time = status.st_mtimespec
    #endif
    identity = FileIdentity(status)
    (count, seconds, nanoseconds) = (Int(status.st_size), Int(time.tv_sec), Int(time.tv_nsec))
  }
}
