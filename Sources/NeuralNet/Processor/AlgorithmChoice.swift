/// Who decides which algorithm computes a product.
package enum AlgorithmChoice: Sendable, Equatable {
  /// The rule over shapes, `AlgorithmRule`.
  case byShape
  /// Always tap by tap.
  case direct
  /// Always by transforms, with this many outputs of a tile along each axis, wherever they can run.
  case tiles(Int)
}
