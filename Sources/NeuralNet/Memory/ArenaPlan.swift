/// Places tensors in one block of memory so that those whose lifetimes do not meet may share it.
///
/// Time counts the operations of a network forward, then backward, then along tangents. Large tensors are placed first,
/// each at the lowest place that is free for as long as it lives.
struct ArenaPlan {
  struct Reservation {
    var bytes: Int
    var firstUse: Int
    var lastUse: Int
    /// Bytes from the arena's start.
    var offset = 0
  }

  private(set) var reservations: [Reservation] = []

  /// Reserves `bytes` from `firstUse` to `lastUse`, both included; the answer is the reservation's number.
  mutating func reserve(_ bytes: Int, from firstUse: Int, through lastUse: Int) -> Int {
    reservations.append(Reservation(bytes: Self.aligned(bytes), firstUse: firstUse, lastUse: lastUse))
    return reservations.count - 1
  }

  /// Extends a reservation's life to `time`.
  mutating func extend(_ reservation: Int, to time: Int) {
    reservations[reservation].firstUse = min(reservations[reservation].firstUse, time)
    reservations[reservation].lastUse = max(reservations[reservation].lastUse, time)
  }

  /// Decides on all places from byte `start` on; the answer is the number of bytes that the block needs.
  mutating func place(after start: Int) -> Int {
    let start = Self.aligned(start)
    var end = start
    var placed: [Int] = []
    let order = reservations.indices.sorted {
      (reservations[$1].bytes, $0) < (reservations[$0].bytes, $1)
    }
    for index in order {
      let wanted = reservations[index]
      let neighbours = placed.map { reservations[$0] }
        .filter { $0.firstUse <= wanted.lastUse && wanted.firstUse <= $0.lastUse }
        .sorted { $0.offset < $1.offset }
      var offset = start
      for neighbour in neighbours {
        if offset + wanted.bytes <= neighbour.offset { break }
        offset = max(offset, neighbour.offset + neighbour.bytes)
      }
      reservations[index].offset = offset
      placed.append(index)
      end = max(end, offset + wanted.bytes)
    }
    return end
  }

  /// Tensors start on cache lines.
  private static func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
}
