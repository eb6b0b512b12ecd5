import Foundation

/// What much memory is taken for, in the sentence that says that there is none.
package struct MemoryPurpose: Sendable {
  /// What the memory would hold: "activations".
  var content: String
  /// What would help.
  package var advice: Phrase

  /// A purpose in words; `advice` without a full stop.
  package init(_ content: String, advice: Phrase? = nil) {
    let general: Phrase = "give the program more memory"
    (self.content, self.advice) = (content, advice.map { "\($0), or \(general)" } ?? general)
  }

  /// Tensors of one pass of a network.
  package static let activations = MemoryPurpose(
    "activations", advice: "use a smaller picture, crop, batch or network, translate in tiles")
  /// Copies of weights that serve many passes.
  package static let transformedWeights = MemoryPurpose(
    "transformed weights", advice: "use a smaller picture or network, translate in tiles")
  /// Parameters, gradients, moments.
  package static let parameters = MemoryPurpose("the numbers of a network", advice: "use a smaller network")
  /// Scratch of the threads that compute.
  package static let threads = MemoryPurpose("the threads that compute", advice: "use fewer threads")
  /// The least without which nothing can be computed.
  package static let oneThread = MemoryPurpose("a thread that computes")
  /// What is read of a file at once: a tensor.
  static let file = MemoryPurpose("what is read of the file at once")
  /// The samples of a picture.
  package static let picture = MemoryPurpose("the picture", advice: "use a smaller picture")
}

/// How much memory this process can still have, asked before much is taken: Swift's arrays end the program where there is
/// none, and the system ends it where it has promised too much.
package enum SystemMemory {
  /// Throws where `bytes` cannot be had, after others have been given back; small requests are not asked for.
  ///
  /// - Throws: `FileError` naming `path`, what is needed for what, and what would help
  package static func require(
    _ bytes: Int, for purpose: MemoryPurpose, path: String? = nil, givingBack freed: Int = 0
  ) throws(FileError) {
    guard bytes - freed >= leastAsked, !has(bytes - freed) else { return }
    throw shortage(bytes, for: purpose, path: path, givingBack: freed)
  }

  /// What there is to say where `bytes` could not be had.
  package static func shortage(
    _ bytes: Int, for purpose: MemoryPurpose, path: String? = nil, givingBack freed: Int = 0
  ) -> FileError {
    let room = available.map { $0 + freed < bytes ? ", but can have only \(text($0 + freed))" : "" } ?? ""
    return FileError(
      path: path,
      problem: "needs \(text(bytes)) of memory for \(purpose.content)\(room.isEmpty ? ", which it cannot have" : room)",
      advice: purpose.advice)
  }

  /// Whether so much can be had at this moment.
  package static func has(_ bytes: Int) -> Bool {
    // The files of the system that say it take 50 µs to read.
    if bytes >= leastCounted, let available, available < bytes { return false }
    guard let place = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymous, -1, 0), place != MAP_FAILED
    else { return false }
    munmap(place, bytes)
    return true
  }

  private static let leastAsked = 1 << 20
  private static let leastCounted = 1 << 26

  /// Bytes that this process can still take before a limit of its own, its control group or the machine is met; nil where
  /// nothing says it.
  package static var available: Int? {
    [addressSpace, machine, ControlGroup.own?.room].compactMap(\.self).min().map { max(0, $0) }
  }

  /// Bytes of memory that the machine and this process' control group have left, whatever addresses there are for them; nil
  /// where nothing says it.
  package static var behindAddresses: Int? {
    [machine, ControlGroup.own?.room].compactMap(\.self).min().map { max(0, $0) }
  }

  /// Addresses that `ulimit -v` leaves, whether there is memory behind them or not; nil: there is no limit.
  package static var addressSpace: Int? {
    var limit = rlimit()
    #if os(Linux)
      guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return nil }
    #else
      guard getrlimit(RLIMIT_AS, &limit) == 0 else { return nil }
    #endif
    guard let most = Int(exactly: limit.rlim_cur), most < 1 << 60,
      let pages = systemText("/proc/self/statm")?.split(separator: " ").first.flatMap({ Int($0) })
    else { return nil }
    return most - pages * sysconf(Int32(_SC_PAGESIZE))
  }

  /// Bytes of memory that this process takes now; nil where nothing says it.
  package static var resident: Int? {
    systemText("/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
      .map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
  }

  /// Memory and swap that the machine has left.
  private static var machine: Int? {
    guard let text = systemText("/proc/meminfo"), let free = number(after: "MemAvailable:", in: text) else {
      return nil
    }
    return (free + (number(after: "SwapFree:", in: text) ?? 0)) * 1024
  }

  /// `1.4 GB`, `380 MB`, `12 kB`
  package static func text(_ bytes: Int) -> String {
    if bytes >= 999_500_000 { return tenths(bytes, 1_000_000_000) + " GB" }
    if bytes >= 9_950_000 { return "\((bytes + 500_000) / 1_000_000) MB" }
    if bytes >= 999_500 { return tenths(bytes, 1_000_000) + " MB" }
    return "\((bytes + 500) / 1000) kB"
  }

  private static func tenths(_ bytes: Int, _ unit: Int) -> String {
    let tenths = bytes / (unit / 10) + (bytes % (unit / 10) >= unit / 20 ? 1 : 0)
    return "\(tenths / 10).\(tenths % 10)"
  }

  #if os(Linux)
    package static let anonymous = Int32(MAP_ANONYMOUS)
  #else
    package static let anonymous = MAP_ANON
  #endif
}

/// The limits that a container, a job of a cluster or a service sets, in either version of Linux' control groups.
struct ControlGroup {
  /// A folder of the control group's file system, and the names of its files.
  private struct Level {
    var folder: String
    var limit: String
    var usage: String
    var inactive: String
  }

  private let levels: [Level]

  /// That of this process; nil where there is none.
  static let own: ControlGroup? = systemText("/proc/self/cgroup").map { ControlGroup($0) }

  /// The group that the text of `/proc/self/cgroup` names, and all above it.
  ///
  /// - Parameter root: where the file system of control groups lies
  init(_ text: String, root: String = "/sys/fs/cgroup") {
    var levels: [Level] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isFirstVersion = parts[1].split(separator: ",").contains("memory")
      guard isFirstVersion || parts[1].isEmpty else { continue }
      let base = isFirstVersion ? root + "/memory" : root
      var path = parts[2].split(separator: "/")
      while true {
        let folder = ([base] + path.map(String.init)).joined(separator: "/") + "/"
        levels.append(
          isFirstVersion
            ? Level(
              folder: folder, limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes",
              inactive: "total_inactive_file")
            : Level(folder: folder, limit: "memory.max", usage: "memory.current", inactive: "inactive_file"))
        if path.popLast() == nil { break }
      }
    }
    self.levels = levels
  }

  /// Bytes until the nearest limit; nil where none is set. What files of the disk take in the cache is given up first.
  var room: Int? {
    levels.compactMap { level in
      guard let limit = number(level.folder + level.limit), limit < 1 << 60,
        let usage = number(level.folder + level.usage)
      else { return nil }
      let statistics = systemText(level.folder + "memory.stat") ?? ""
      return limit - usage + (Files.number(after: level.inactive + " ", in: statistics) ?? 0)
    }.min()
  }

  private func number(_ path: String) -> Int? {
    systemText(path).flatMap { Int($0.split(separator: "\n").first ?? "") }
  }
}

/// The number that follows `key` at the beginning of a line.
private func number(after key: String, in text: String) -> Int? {
  for line in text.split(separator: "\n") where line.hasPrefix(key) {
    return line.dropFirst(key.count).split(separator: " ").first.flatMap { Int($0) }
  }
  return nil
}

/// A small file of the system; nil where there is none.
private func systemText(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  return withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 16) { buffer in
    var count = 0
    while count < buffer.count {
      let received = read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
      if received <= 0 { break }
      count += received
    }
    return String(decoding: buffer.prefix(count), as: UTF8.self)
  }
}
