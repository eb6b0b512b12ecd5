import Parallel

/// The learned numbers of one network, and where their gradients go.
package final class ParameterStore {
  /// In the order of PyTorch's state_dict.
  package let parameters: [Parameter]
  /// One for each batch normalisation.
  package var runningStatistics: [RunningStatistics]
  /// Floats in memory.
  package let storage: Int

  private let values: AlignedMemory
  private var gradientMemory: AlignedMemory?

  /// A store of `parameters`, whose offsets are decided here.
  init(parameters: [Parameter], runningStatistics: [RunningStatistics]) throws {
    var laidOut = parameters
    var end = 0
    // Vectors lie together behind the weights: their gradients are always stored, those of weights not where a step
    // applies them at once, and then their pages are never touched.
    for isVector in [false, true] {
      for index in laidOut.indices where (laidOut[index].layout == .vector) == isVector {
        laidOut[index].offset = end
        end += laidOut[index].storage
      }
    }
    self.parameters = laidOut
    self.runningStatistics = runningStatistics
    storage = end
    values = try AlignedMemory(count: storage + Self.slack)
  }

  /// Dot products read whole tiles of rows: what lies behind the last parameter must be readable.
  private static let slack = 1024

  /// Numbers that training adjusts.
  package var count: Int { parameters.reduce(0) { $0 + $1.count } }

  /// The values, as packed; valid as long as this object lives.
  package var base: UnsafePointer<Float> { UnsafePointer(values.base) }

  /// The values for who changes them: what was derived from them is derived anew afterwards. The pointer must not be kept.
  package func valuesToChange() -> UnsafeMutablePointer<Float> {
    version += 1
    return values.base
  }

  /// The values for a message that brings changed ones; `valuesToChange` has been called for the change.
  var weightsToReceive: UnsafeMutablePointer<Float> { values.base }

  /// A number that tells other values from these: of all bits, in their order (16 times 32 bits of Fowler, Noll and Vo's hash,
  /// mixed).
  package var digest: UInt64 {
    var lanes = SIMD16<UInt32>(repeating: 0x811C_9DC5)
    let bytes = UnsafeRawPointer(values.base)
    for offset in stride(from: 0, to: storage * MemoryLayout<Float>.stride, by: MemoryLayout<SIMD16<UInt32>>.size) {
      lanes = (lanes ^ bytes.load(fromByteOffset: offset, as: SIMD16<UInt32>.self)) &* 0x0100_0193
    }
    return lanes.indices.reduce(0) { RandomGenerator.mix($0 ^ UInt64(lanes[$1])) }
  }

  /// Another number after every change of the values.
  private(set) var version = 0

  /// The gradients, packed like the values; memory is taken at the first call.
  package func gradients() throws -> UnsafeMutablePointer<Float> {
    if let gradientMemory { return gradientMemory.base }
    let memory = try AlignedMemory(count: storage + Self.slack)
    gradientMemory = memory
    return memory.base
  }

  /// The gradients if `gradients()` was called before.
  var gradientBase: UnsafeMutablePointer<Float>? { gradientMemory?.base }

  /// Whether no parameter is infinite or not a number.
  package var areFinite: Bool {
    let floats = UnsafeBufferPointer(start: base, count: storage)
    return floats.withMemoryRebound(to: UInt32.self) { words in
      // The exponent is all ones in infinities and what is no number.
      var index = 0
      while index < words.count {
        var isFinite = true
        for word in words[index..<min(words.count, index + 4096)] {
          isFinite = isFinite && word & 0x7F80_0000 != 0x7F80_0000
        }
        if !isFinite { return false }
        index += 4096
      }
      return true
    }
  }

  /// Brings every parameter to within `limit` of 0.
  package func clip(to limit: Float, _ pool: WorkerPool) {
    let values = Shared(valuesToChange())
    let (count, piece) = (storage, 1 << 16)
    pool.run((count + piece - 1) / piece) { index, _ in
      for place in index * piece..<min((index + 1) * piece, count) {
        values.value[place] = min(max(values.value[place], -limit), limit)
      }
    }
  }

  /// The numbers of one parameter in file order, read from `memory`, which is packed like the values.
  package func fileOrder(_ parameter: Parameter, from memory: UnsafePointer<Float>) -> [Float] {
    let base = memory + parameter.offset
    switch parameter.layout {
    case .vector: return Array(UnsafeBufferPointer(start: base, count: parameter.count))
    case .packed(let packed):
      return [Float](unsafeUninitializedCapacity: parameter.count) { buffer, count in
        for panel in 0..<packed.panels { packed.forEach(inPanel: panel) { buffer[$0] = base[$1] } }
        count = parameter.count
      }
    }
  }

  /// Packs numbers in file order into `memory`, which is packed like the values.
  package func setFileOrder(
    _ parameter: Parameter, _ numbers: UnsafeBufferPointer<Float>, in memory: UnsafeMutablePointer<Float>
  ) {
    precondition(numbers.count == parameter.count, "as many numbers as \(parameter.name) has")
    let base = memory + parameter.offset
    switch parameter.layout {
    case .vector: for index in 0..<parameter.count { base[index] = numbers[index] }
    case .packed(let packed):
      for panel in 0..<packed.panels { packed.forEach(inPanel: panel) { base[$1] = numbers[$0] } }
    }
  }

  /// The values of one parameter in file order.
  package func fileOrder(_ parameter: Parameter) -> [Float] { fileOrder(parameter, from: base) }

  /// Sets the values of one parameter from numbers in file order.
  package func setFileOrder(_ parameter: Parameter, _ numbers: [Float]) {
    numbers.withUnsafeBufferPointer { setFileOrder(parameter, $0, in: valuesToChange()) }
  }
}
