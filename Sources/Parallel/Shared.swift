/// Pointers that the pieces of one job share.
///
/// Unchecked: whoever lays out the pieces gives each of them parts of its own to write, and the memory outlives the job,
/// since `WorkerPool.run` returns after its last piece.
package struct Shared<Pointers>: @unchecked Sendable {
  package let value: Pointers

  package init(_ value: Pointers) { self.value = value }
}
