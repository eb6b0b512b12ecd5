import Foundation

/// Names the running system: processes that get the same name see each other's locks.
package enum MachineSession {
  /// One name from start to shutdown of this machine.
  package static let name: String = {
    #if os(Linux)
      if let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8) {
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
      }
    #endif
    return ProcessInfo.processInfo.hostName
  }()
}
