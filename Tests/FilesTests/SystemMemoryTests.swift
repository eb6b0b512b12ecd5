import Foundation
import Testing
@testable import Files
@testable import NeuralNet

@Suite struct SystemMemoryTests {
  @Test func texts() {
    let cases = [
      (0, "0 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (9_949_999, "9.9 MB"), (9_950_000, "10 MB"),
      (999_499_999, "999 MB"), (999_500_000, "1.0 GB"), (1_449_000_000, "1.4 GB"), (1_450_000_000, "1.5 GB"),
      (12_300_000_000, "12.3 GB"), (Int.max, "9223372036.9 GB"),
    ]
    for (bytes, text) in cases { #expect(SystemMemory.text(bytes) == text) }
  }

  @Test func littleCanBeHad() throws {
    #expect(SystemMemory.has(1 << 20))
    try SystemMemory.require(1 << 22, for: .picture)
    #if os(Linux)
      let available = try #require(SystemMemory.available)
      #expect(available > 1 << 24)
    #endif
  }

  @Test func moreThanThereIsCannot() {
    let error = #expect(throws: FileError.self) { try SystemMemory.require(1 << 60, for: .picture, path: "a.png") }
    #expect(error?.path == "a.png")
    #expect(error?.problem.hasPrefix("needs 1152921504.6 GB of memory for the picture, ") == true)
    #expect(error?.advice == "use a smaller picture, or give the program more memory")
  }

  /// Both versions of control groups, made of plain files: the nearest limit above counts, and the cache is given up.
  @Test func controlGroups() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("groups-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    func write(_ files: [String: String], to folder: String) throws {
      let folder = root.appendingPathComponent(folder)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
    }
    try write(["memory.max": "1000000\n", "memory.current": "400000\n"], to: "job")
    try write(
      [
        "memory.max": "max\n", "memory.current": "300000\n",
        "memory.stat": "anon 5\nactive_file 7\ninactive_file 50000\n",
      ], to: "job/step")
    #expect(ControlGroup("0::/job/step\n", root: root.path).room == 600_000)
    try write(["memory.max": "500000\n"], to: "job/step")
    #expect(ControlGroup("0::/job/step\n", root: root.path).room == 250_000)
    #expect(ControlGroup("0::/elsewhere\n", root: root.path).room == nil)
    try write(
      [
        "memory.limit_in_bytes": "800000\n", "memory.usage_in_bytes": "700000\n",
        "memory.stat": "inactive_file 1\ntotal_inactive_file 90000\n",
      ], to: "memory/docker/a")
    try write(
      ["memory.limit_in_bytes": "9223372036854771712\n", "memory.usage_in_bytes": "900000\n"], to: "memory")
    let text = "7:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n1:name=systemd:/\n"
    #expect(ControlGroup(text, root: root.path).room == 190_000)
    #expect(ControlGroup("", root: root.path).room == nil)
    #expect(ControlGroup("damaged", root: root.path).room == nil)
  }

  #if os(Linux)
    /// Lets this process have `bytes` more than it has.
    private static func limitAddresses(to bytes: Int) {
      let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)).flatMap {
        Int($0.split(separator: " ").first ?? "")
      }
      let most = rlim_t((pages ?? 0) * sysconf(Int32(_SC_PAGESIZE)) + bytes)
      var limit = rlimit(rlim_cur: most, rlim_max: most)
      precondition(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
    }

    @Test func limitsOnAddressesCount() async {
      await #expect(processExitsWith: .success) {
        Self.limitAddresses(to: 300 << 20)
        precondition(SystemMemory.available ?? .max <= 300 << 20)
        precondition(SystemMemory.has(100 << 20) && !SystemMemory.has(400 << 20))
        do {
          _ = try AlignedMemory(count: 100 << 20, for: .activations)
          preconditionFailure("no such memory is there")
        } catch {
          precondition("\(error)".hasPrefix("needs 419 MB of memory for activations, but can have only "), "\(error)")
        }
      }
    }

    /// Executions that are planned already count on their memory.
    @Test func anArenaThatCannotGrowStays() async {
      await #expect(processExitsWith: .success) {
        let arena = Arena()
        do {
          try arena.require(80 << 20)
          Self.limitAddresses(to: 100 << 20)
          try arena.require(400 << 20)
          preconditionFailure("no such memory is there")
        } catch {
          precondition(arena.bytes >= 80 << 20, "\(arena.bytes)")
          arena.base[20 << 20] = 1
        }
      }
    }

    /// A pool has no more threads than OpenBLAS finds room for.
    @Test func threadsNeedRoom() async {
      await #expect(processExitsWith: .success) {
        Self.limitAddresses(to: 900 << 20)
        let processor = try? Processor(threads: 64)
        precondition((1...3).contains(processor?.pool.threads ?? 0))
      }
      await #expect(processExitsWith: .success) {
        Self.limitAddresses(to: 100 << 20)
        do {
          _ = try Processor(threads: 2)
          preconditionFailure("no such room is there")
        } catch {
          precondition("\(error)".hasPrefix("needs 134 MB of memory for a thread that computes, but"), "\(error)")
        }
      }
    }
  #endif
}
