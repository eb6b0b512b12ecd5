/// The weights of one network that have been transformed or rounded for inference: what the executions for several image sizes read
/// alike is made, and lies in memory, once.
///
/// They live as long as an execution uses them.
final class ReadyWeights {
  /// What an operation reads: the same numbers for all sizes of images with the same key.
  struct Need: Sendable, Hashable {
    /// The operation's place in the list.
    let operation: Int
    let form: Form
    let floats: Int
  }

  /// What is made of an operation's weights.
  enum Form: Sendable, Hashable {
    case transformed(TransformedWeights.Form)
    /// Fewer bits, otherwise as they lie.
    case rounded(NumberForm)
  }

  /// Transformed weights of one operation.
  final class Block {
    /// Shared by the blocks that were taken together.
    private let memory: AlignedMemory
    private let offset: Int
    /// Of the parameters that they were made from; negative: they have yet to be made.
    var version = -1

    fileprivate init(_ memory: AlignedMemory, _ offset: Int) { (self.memory, self.offset) = (memory, offset) }

    var base: UnsafeMutablePointer<Float> { memory.base + offset }
  }

  private struct Entry {
    weak var block: Block?
  }
  private var entries: [Need: Entry] = [:]

  /// Blocks for `needs`, in their order: those that are there, and new ones.
  ///
  /// - Throws: `FileError` where there is no memory
  func blocks(for needs: [Need]) throws -> [Block] {
    entries = entries.filter { $0.value.block != nil }
    let missing = needs.filter { entries[$0] == nil }
    var made: [Need: Block] = [:]
    if !missing.isEmpty {
      let memory = try AlignedMemory(count: missing.reduce(0) { $0 + $1.floats }, for: .transformedWeights)
      var offset = 0
      for need in missing {
        made[need] = Block(memory, offset)
        offset += need.floats
      }
    }
    return needs.map { need in
      if let block = entries[need]?.block { return block }
      guard let block = made[need] else { preconditionFailure("a block is there or has been made") }
      entries[need] = Entry(block: block)
      return block
    }
  }
}
