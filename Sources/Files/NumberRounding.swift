extension Float {
  /// The bits of the nearest bfloat16, the even one of two that are as near; infinite beyond the largest one.
  ///
  /// A NaN stays one, with its sign and the upper part of its payload, so that what came from bfloat16 goes back as it was.
  /// (PyTorch writes one of two fixed NaNs, depending on the processor.)
  package var bfloat16Bits: UInt16 {
    let bits = bitPattern
    guard !isNaN else {
      let upper = UInt16(truncatingIfNeeded: bits >> 16)
      // A payload in the lower half alone would leave the bits of infinity.
      return upper & 0x7F == 0 ? upper | 0x40 : upper
    }
    // A carry goes on into the exponent, as it should, and cannot leave it: the largest one is that of infinity.
    return UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
  }
}

extension ElementType {
  /// Numbers that are converted at a time.
  private static let pieceSize = 1 << 14

  /// Writes the floating-point numbers in `bytes`, which are stored as this type, to `sink` as `type`: float32 or bfloat16,
  /// or this type itself, whose bits stay as they are.
  ///
  /// F64 becomes bfloat16 by way of float32, as in PyTorch.
  /// - Throws: `FileError` where the system refuses. Traps (a programmer's error) for other types.
  package func write(_ bytes: UnsafeRawBufferPointer, as type: ElementType, to sink: ByteSink) throws {
    guard type != self else { return try sink.write(bytes) }
    precondition(isFloatingPoint && (type == .float32 || type == .bfloat16), "numbers become F32 or BF16")
    let piece = Self.pieceSize * size
    for start in stride(from: 0, to: bytes.count, by: piece) {
      let numbers = floats(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + piece, bytes.count)]))
      if type == .float32 {
        try numbers.withUnsafeBytes { try sink.write($0) }
      } else {
        try numbers.map { $0.bfloat16Bits.littleEndian }.withUnsafeBytes { try sink.write($0) }
      }
    }
  }
}
