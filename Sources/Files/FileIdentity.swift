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
