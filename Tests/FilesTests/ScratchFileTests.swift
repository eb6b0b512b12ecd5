import Foundation
import TestSupport
import Testing
@testable import Files

@Suite struct ScratchFileTests {
  @Test func whatIsWrittenIsRead() throws {
    let folder = try TemporaryFolder()
    let file = try ScratchFile(in: folder.path, bytes: 1 << 20)
    // Nothing is left by a process that is killed: there is no name from the beginning.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    let numbers = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    try numbers.withUnsafeBytes { try file.write($0, at: 500_000) }
    var read = [UInt8](repeating: 9, count: 1000)
    file.expectReading(1000, at: 500_000)
    try read.withUnsafeMutableBytes { try file.read($0, at: 500_000) }
    #expect(read == numbers)
    try read.withUnsafeMutableBytes { try file.read($0, at: 0) }
    #expect(read == [UInt8](repeating: 0, count: 1000))
    let error = #expect(throws: FileError.self) {
      try read.withUnsafeMutableBytes { try file.read($0, at: 1 << 20) }
    }
    #expect(error?.problem.hasPrefix("the scratch file cannot be read") == true)
  }

  @Test func foldersThatCannotBe() throws {
    let folder = try TemporaryFolder()
    let missing = #expect(throws: FileError.self) { _ = try ScratchFile(in: folder("none"), bytes: 1) }
    #expect(
      missing?.description == folder("none")
        + ": is no folder for scratch files; make it, or choose another with scratch")
    try folder.write("file")
    #expect(throws: FileError.self) { _ = try ScratchFile(in: folder("file"), bytes: 1) }
    // A petabyte and a half.
    let full = #expect(throws: FileError.self) { _ = try ScratchFile(in: folder.path, bytes: 3 << 49) }
    #expect(full?.problem.hasPrefix("has no room for a scratch file of 1688849.9 GB") == true, "\(full?.problem ?? "")")
    #expect(full?.isOfOutput == false)
    #if os(Linux)
      if FileManager.default.isWritableFile(atPath: "/dev/shm") {
        let inMemory = #expect(throws: FileError.self) { _ = try ScratchFile(in: "/dev/shm", bytes: 1) }
        #expect(inMemory?.problem == "lies in memory, where scratch files spare none")
      }
    #endif
  }
}
