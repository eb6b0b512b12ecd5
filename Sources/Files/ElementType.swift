/// How one number of a tensor is stored in a file (little-endian), by its name in safetensors headers.
package enum ElementType: String, Sendable, CaseIterable {
  /// IEEE 754 double precision.
  case float64 = "F64"
  /// IEEE 754 single precision.
  case float32 = "F32"
  /// IEEE 754 half precision.
  case float16 = "F16"
  /// The upper half of a single-precision number.
  case bfloat16 = "BF16"
  /// Signed 64-bit integer.
  case int64 = "I64"
  /// Signed 32-bit integer.
  case int32 = "I32"
  /// Signed 16-bit integer.
  case int16 = "I16"
  /// Signed byte.
  case int8 = "I8"
  /// Unsigned 64-bit integer.
  case uint64 = "U64"
  /// Unsigned 32-bit integer.
  case uint32 = "U32"
  /// Unsigned 16-bit integer.
  case uint16 = "U16"
  /// Byte.
  case uint8 = "U8"
  /// A byte that is 0 or 1.
  case bool = "BOOL"

  /// Bytes of one element.
  package var size: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether `ByteSource.floats` reads it.
  package var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }

  /// Elements of a tensor of `shape`, or nil where the number of its bytes overflows.
  package func elements(in shape: [Int]) -> Int? {
    var elements = 1
    for length in shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: length)
      guard !overflow, length >= 0 else { return nil }
      elements = product
    }
    return elements.multipliedReportingOverflow(by: size).overflow ? nil : elements
  }
}

extension Float {
  /// The value of IEEE half-precision bits; `Float16` does not exist on macOS for Intel.
  package init(halfBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF)
    switch magnitude {
    case 0..<0x400:
      // Subnormal: a multiple of 2⁻²⁴, computed without subnormal single-precision numbers.
      self = Float(bitPattern: sign | (Float(magnitude) * 0x1p-24).bitPattern)
    case 0x400..<0x7C00:
      self = Float(bitPattern: sign | (magnitude << 13) + (127 - 15) << 23)
    default:
      self = Float(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13)
    }
  }

  /// The value of bfloat16 bits.
  package init(bfloat16Bits bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }
}

extension ByteSource {
  /// The floating-point numbers of `type` that fill `range`, rounded to single precision where they are wider.
  ///
  /// - Throws: `FileError` where the range does not lie in the file or `type` is no floating-point type.
  package func floats(in range: Range<Int>, of type: ElementType) throws -> [Float] {
    guard type.isFloatingPoint, range.upperBound <= count else {
      throw FileError(path: path, problem: "holds \(type.rawValue) where floating-point numbers were expected")
    }
    let elements = range.count / type.size
    try SystemMemory.require(elements * MemoryLayout<Float>.stride, for: .file, path: path)
    return try [Float](unsafeUninitializedCapacity: elements) { buffer, initialized in
      guard let output = buffer.baseAddress else { return }
      if type == .float32 {
        try read(
          into: UnsafeMutableRawBufferPointer(start: output, count: elements * type.size), at: range.lowerBound)
      } else {
        var next = output
        try forEachPiece(of: range) { piece in
          let count = piece.count / type.size
          type.convert(piece, count: count, to: next)
          next += count
        }
      }
      initialized = elements
    }
  }
}

extension ElementType {
  /// Writes `count` numbers at the start of `bytes` to `output` as single precision.
  func convert(_ bytes: UnsafeRawBufferPointer, count: Int, to output: UnsafeMutablePointer<Float>) {
    switch self {
    case .float16:
      for i in 0..<count {
        output[i] = Float(halfBits: bytes.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
      }
    case .bfloat16:
      for i in 0..<count {
        output[i] = Float(bfloat16Bits: bytes.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
      }
    case .float64:
      for i in 0..<count { output[i] = Float(bytes.loadUnaligned(fromByteOffset: i * 8, as: Double.self)) }
    case .float32:
      for i in 0..<count { output[i] = bytes.loadUnaligned(fromByteOffset: i * 4, as: Float.self) }
    default:
      preconditionFailure("not a floating-point type")
    }
  }
}

extension ElementType {
  /// The floating-point numbers in `bytes`, rounded to single precision where they are wider; traps (a programmer's
  /// error) where this is no floating-point type.
  package func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    let elements = bytes.count / size
    return [Float](unsafeUninitializedCapacity: elements) { buffer, initialized in
      if let output = buffer.baseAddress { convert(bytes, count: elements, to: output) }
      initialized = elements
    }
  }
}
