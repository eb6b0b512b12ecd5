import TestSupport
import Foundation
import Testing
@testable import Files

@Suite struct AtomicFileTests {
  private let folder: URL
  private var path: String { folder.appendingPathComponent("file").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private struct Interruption: Error {}

  @Test func replacesTheOldContent() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try AtomicFile.write(Data("old and longer".utf8), to: path)
    try AtomicFile.write(Data("new".utf8), to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("new".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  @Test func keepsTheOldContentWhereWritingFails() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try AtomicFile.write(Data("old".utf8), to: path)
    #expect(throws: Interruption.self) {
      try AtomicFile.write(to: path) {
        try $0.write(Array("half".utf8))
        throw Interruption()
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  @Test func followsNoLink() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = FileManager.default
    let victim = folder.appendingPathComponent("victim").path
    try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
    for link in [path + ".partial", path] { try files.createSymbolicLink(atPath: link, withDestinationPath: victim) }
    try AtomicFile.write(Data("new".utf8), to: path)
    #expect(files.contents(atPath: victim) == Data("precious".utf8))
    #expect(try files.attributesOfItem(atPath: path)[.type] as? FileAttributeType == .typeRegular)
    #expect(files.contents(atPath: path) == Data("new".utf8))
    #expect(try files.destinationOfSymbolicLink(atPath: path + ".partial") == victim)
  }

  @Test func hasTheUsualPermissions() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let plain = folder.appendingPathComponent("plain").path
    close(open(plain, O_WRONLY | O_CREAT, 0o666))
    try AtomicFile.write(Data(), to: path)
    let modes = try [plain, path].map {
      try FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int
    }
    #expect(modes[0] == modes[1] && modes[0] != nil)
  }

  /// Two that write one file leave the whole content of one of them, and neither fails.
  @Test func writersDoNotMeet() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let contents = (0..<4).map { Data(repeating: $0, count: 100_000 + Int($0)) }
    try await withThrowingTaskGroup(of: Void.self) { [path] group in
      for content in contents {
        group.addTask { for _ in 0..<25 { try AtomicFile.write(content, to: path) } }
      }
      try await group.waitForAll()
    }
    #expect(contents.contains(try Data(contentsOf: URL(fileURLWithPath: path))))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  /// Makes a file look as if nobody had written to it for an hour.
  private func age(_ name: String) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: folder.path + "/" + name)
  }

  /// What a killed process left is removed; what a living one writes is not, nor what is new (the lock may be invisible
  /// from this computer), nor anything of another name.
  @Test func removesWhatKilledProcessesLeft() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let others = [".translate-0123456789abcde.partial", ".translate-0123456789abcdeg.partial", "x.partial"]
    let (abandoned, living, new, link) = (
      ".translate-0123456789abcdef.partial", ".translate-00000000000000ff.partial",
      ".translate-00000000000000ee.partial", ".translate-00000000000000aa.partial"
    )
    for name in others + [abandoned, living, new] {
      try Data("x".utf8).write(to: folder.appendingPathComponent(name))
      if name != new { try age(name) }
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/" + link, withDestinationPath: folder.path + "/x.partial")
    let lock = open(folder.path + "/" + living, O_WRONLY)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
    try AtomicFile.write(Data("new".utf8), to: path)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == (others + [living, new, link, "file"]).sorted())
  }

  /// A file that is being written is not for others to remove.
  @Test func keepsWhatIsBeingWritten() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try AtomicFile.write(to: path) { sink in
      try sink.write(Array("whole".utf8))
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) { try age(name) }
      TemporaryFile.removeAbandoned(in: folder.path + "/")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("whole".utf8))
  }

  #if os(Linux)
    @Test func tellsThatTheDiskIsFull() {
      let full = open("/dev/full", O_WRONLY)
      defer { close(full) }
      let error = #expect(throws: FileError.self) {
        let sink = ByteSink(full, path: "file")
        try sink.write([1, 2, 3])
        try sink.flush()
      }
      #expect(error?.description == "file: cannot be written: No space left on device; free some space")
      #expect(error?.writeCode == ENOSPC && error?.isOfOutput == true)
    }
  #endif

  @Test(arguments: [
    (ENOSPC, true), (EDQUOT, true), (EIO, true), (EROFS, true), (EFBIG, true), (EACCES, true), (ENAMETOOLONG, false),
    (EISDIR, false), (ENOTDIR, false),
  ])
  func tellsThePlaceFromTheName(code: Int32, isOfOutput: Bool) {
    #expect(FileError.unwritable("file", code: code).isOfOutput == isOfOutput)
    #expect(!FileError(path: "file", problem: "cannot be written").isOfOutput)
  }

  @Test func makesFolders() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for _ in 0..<2 { try OutputFolder.make(folder.path + "/a/b//c/") }
    try AtomicFile.write(Data(), to: folder.path + "/a/b/c/file")
    let error = #expect(throws: FileError.self) { try OutputFolder.make(folder.path + "/a/b/c/file") }
    #expect(
      error?.description
        == "\(folder.path)/a/b/c/file: cannot be made a folder: Not a directory; check the folder and its permissions")
    #expect(error?.isOfOutput == false)
    #expect(throws: FileError.self) { try OutputFolder.make("") }
  }

  @Test func namesThePathThatCannotBeWritten() {
    let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: "/nowhere/file") }
    #expect(error?.writeCode == ENOENT)
    #expect(
      error?.description
        == "/nowhere/file: cannot be written: No such file or directory; check the folder and its permissions")
  }
}
