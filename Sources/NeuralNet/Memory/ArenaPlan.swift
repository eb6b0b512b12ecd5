/// Places tensors in one block of memory so that those whose lifetimes do not meet may share it.
///
/// Time counts the blocks of a network forward, then backward. Large tensors are placed first, each at the lowest place
/// that is free for as long as it lives.
struct ArenaPlan {
  struct Reservation {
    var count: Int
    var firstUse: Int
    var lastUse: Int
    var offset = 0
  }

  private(set) var reservations: [Reservation] = []

  /// Reserves `count` floats from `firstUse` to `lastUse`, both included; the answer is the reservation's number.
  mutating func reserve(_ count: Int, from firstUse: Int, through lastUse: Int) -> Int {
    reservations.append(Reservation(count: Self.aligned(count), firstUse: firstUse, lastUse: lastUse))
    return reservations.count - 1
  }

  /// Extends a reservation's life to `time`.
  mutating func extend(_ reservation: Int, to time: Int) {
    reservations[reservation].firstUse = min(reservations[reservation].firstUse, time)
    reservations[reservation].lastUse = max(reservations[reservation].lastUse, time)
  }

  /// Decides on all places; the answer is the number of floats that the block needs.
  mutating func place(after start: Int) -> Int {
    var end = start
    var placed: [Int] = []
    let order = reservations.indices.sorted {
      (reservations[$1].count, $0) < (reservations[$0].count, $1)
    }
    for index in order {
      let wanted = reservations[index]
      let neighbours = placed.map { reservations[$0] }
        .filter { $0.firstUse <= wanted.lastUse && wanted.firstUse <= $0.lastUse }
        .sorted { $0.offset < $1.offset }
      var offset = start
      for neighbour in neighbours {
        if offset + wanted.count <= neighbour.offset { break }
        offset = max(offset, neighbour.offset + neighbour.count)
      }
      reservations[index].offset = offset
      placed.append(index)
      end = max(end, offset + wanted.count)
    }
    return end
  }

  /// Tensors begin on cache lines.
  private static func aligned(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

/// The place of a tensor in an arena, and its extent.
struct PlannedTensor {
  var shape: Shape
  /// Floats from the arena's begin to the first channel of the first pixel.
  var offset: Int
  /// Floats from one pixel to the next.
  var stride: Int

  func offset(_ image: Int, _ row: Int, _ column: Int) -> Int32 {
    Int32(offset + ((image * shape.h + row) * shape.w + column) * stride)
  }

  /// The first `count` images.
  func images(_ count: Int) -> PlannedTensor {
    var part = self
    part.shape.n = count
    return part
  }

  func view(in arena: UnsafeMutablePointer<Float>) -> TensorView {
    TensorView(shape: shape, base: arena + offset, stride: stride)
  }
}
