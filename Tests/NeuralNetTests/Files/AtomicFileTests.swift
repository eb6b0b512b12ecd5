import Foundation
import NeuralNet
import Testing

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
        try $0.write(contentsOf: Data("half".utf8))
        throw Interruption()
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  @Test func namesThePathThatCannotBeWritten() {
    let error = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: "/nowhere/file") }
    #expect(
      error?.description
        == "/nowhere/file: cannot be written: No such file or directory; check the folder and its permissions")
  }
}
