import Foundation
import Testing
@testable import Files
@testable import NeuralNet

@Suite struct AlignedMemoryTests {
  @Test(arguments: [0, 1, 15, 1000, 1 << 20]) func zeroedAndWritable(count: Int) throws {
    let memory = try AlignedMemory(count: count)
    #expect(memory.count == count)
    #expect(Int(bitPattern: memory.base) % 4096 == 0)
    let values = UnsafeMutableBufferPointer(start: memory.base, count: count)
    #expect(values.allSatisfy { $0 == 0 })
    for index in values.indices { values[index] = Float(index) }
    #expect(values.indices.allSatisfy { values[$0] == Float($0) })
  }

  @Test(arguments: [-1, Int.min, Int.max, Int.max / 4]) func countsThatCannotBe(count: Int) {
    let error = #expect(throws: FileError.self) { try AlignedMemory(count: count) }
    #expect(error?.problem == "no memory can hold \(count) numbers")
  }

  @Test func refusal() {
    let error = #expect(throws: FileError.self) { try AlignedMemory(count: 1 << 48, for: .activations) }
    #expect(error?.problem.hasPrefix("needs 1125899.9 GB of memory for activations, ") == true)
    #expect(
      error?.advice?.description.hasPrefix("use a smaller picture, crop, batch or network, translate in tiles, or ")
        == true)
  }

  #if os(Linux)
    /// 64 blocks of a gibibyte, one after the other, leave nothing like 64 gibibytes of addresses behind.
    @Test func givesBack() throws {
      func pages() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return try #require(text.split(separator: " ").first.flatMap { Int($0) })
      }
      let before = try pages()
      for _ in 0..<64 { #expect(try AlignedMemory(count: 1 << 28).count == 1 << 28) }
      let grown = (try pages() - before) * Int(sysconf(Int32(_SC_PAGESIZE)))
      #expect(grown < 32 << 30, "\(grown >> 20) MiB")
    }
  #endif

  @Test func arenaGrows() throws {
    let arena = Arena()
    #expect(arena.bytes == 0)
    try arena.require(100)
    let first = arena.bytes
    #expect(first >= 100)
    try arena.require(50)
    #expect(arena.bytes == first)
    try arena.require(1 << 20)
    #expect(arena.bytes >= 1 << 20)
    #expect(throws: FileError.self) { try arena.require(4 * Int(Int32.max)) }
    #expect(arena.bytes >= 1 << 20, "a refusal leaves what is there")
  }
}
