/// How a number of a planned tensor lies in memory.
enum NumberFormat: Sendable, Hashable {
  /// IEEE 754 single precision.
  case float32

  /// Bytes of one number.
  var bytes: Int {
    switch self {
    case .float32: MemoryLayout<Float>.stride
    }
  }
}

/// The place of a tensor in an arena, and its extent.
struct PlannedTensor: Sendable, Hashable {
  /// (N, C, H, W)
  var shape: Shape
  /// Numbers of its format from the arena's start to the first channel of the first pixel.
  var offset: Int
  /// Numbers from one pixel to the next.
  var stride: Int
  /// How its numbers lie in memory.
  var format = NumberFormat.float32

  /// Numbers from the arena's start to a pixel.
  func offset(_ image: Int, _ row: Int, _ column: Int) -> Int32 {
    Int32(offset + ((image * shape.h + row) * shape.w + column) * stride)
  }

  /// The same tensor where memory begins with its row `first`: what lies before that row has no place.
  func beginning(atRow first: Int) -> PlannedTensor {
    var part = self
    part.offset -= first * shape.w * stride
    return part
  }

  /// The first `count` images.
  func images(_ count: Int) -> PlannedTensor {
    var part = self
    part.shape.n = count
    return part
  }

  func view(in arena: UnsafeMutablePointer<Float>) -> MutableTensorView<Float> {
    precondition(format == .float32, "a view of single precision is of such a tensor")
    return MutableTensorView(shape: shape, base: arena + offset, stride: stride)
  }
}
