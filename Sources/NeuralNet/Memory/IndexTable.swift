/// Integers that are laid out once per input shape and then read by kernels.
final class IndexTable {
  let count: Int
  let base: UnsafeMutablePointer<Int32>

  init(_ values: [Int32]) {
    count = values.count
    base = .allocate(capacity: max(1, count))
    values.withUnsafeBufferPointer { if let first = $0.baseAddress { base.initialize(from: first, count: count) } }
  }

  deinit { base.deallocate() }
}
