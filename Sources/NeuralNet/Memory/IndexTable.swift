/// Integers that are laid out once per input shape and then read by kernels.
///
/// Unchecked: nothing is written after `init`.
final class IndexTable: @unchecked Sendable {
  package let count: Int
  let base: UnsafePointer<Int32>

  init(_ values: [Int32]) {
    count = values.count
    let memory = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, values.count))
    memory.initialize(from: values, count: values.count)
    base = UnsafePointer(memory)
  }

  /// Takes over what has been gathered.
  init(_ list: consuming IndexList) { (base, count) = list.handOver() }

  deinit { UnsafeMutablePointer(mutating: base).deallocate() }
}

/// Integers on their way into a table that takes millions: room for all of them is taken at once, so that none is moved.
struct IndexList: ~Copyable {
  private let base: UnsafeMutablePointer<Int32>
  private let capacity: Int
  private(set) var count = 0

  /// An empty list with room for `capacity` integers.
  init(capacity: Int) {
    self.capacity = max(1, capacity)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  mutating func append(_ value: Int32) { extend(by: 1).initialize(to: value) }

  /// Room behind the last integer, which the caller fills.
  mutating func extend(by number: Int) -> UnsafeMutablePointer<Int32> {
    precondition(number <= capacity - count, "a list has room for all that it was announced")
    defer { count += number }
    return base + count
  }

  fileprivate consuming func handOver() -> (UnsafePointer<Int32>, Int) {
    let result = (UnsafePointer(base), count)
    discard self
    return result
  }
}
