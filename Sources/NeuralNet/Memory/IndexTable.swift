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

  deinit { UnsafeMutablePointer(mutating: base).deallocate() }
}
