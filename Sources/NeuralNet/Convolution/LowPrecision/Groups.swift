// Numbers of fewer bits lie in the same memory as floats, four bytes in place of each, and the two never meet: a place is
// planned for one of them. Kernels load and store both without regard to types.

extension UnsafePointer<Float> {
  /// The same place as groups of four bytes.
  var groups: UnsafePointer<Int32> { UnsafeRawPointer(self).assumingMemoryBound(to: Int32.self) }
}

extension UnsafeMutablePointer<Float> {
  /// The same place as groups of four bytes.
  var groups: UnsafeMutablePointer<Int32> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Int32.self) }
}
