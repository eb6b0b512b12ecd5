extension Network {
  /// How much of a forward pass lies before each operation, from 0 to 1, by the count of its multiplications: enough to tell
  /// how far a large image is.
  func progress(_ shape: Shape, at operations: [any Operation]) -> [Double] {
    guard let shapes = try? graph.bufferShapes([shape], limit: { _ in }) else {
      return operations.indices.map { Double($0) / Double(operations.count) }
    }
    let work = operations.map { operation -> Double in
      guard let convolution = operation as? Convolution else { return 1 }
      let (input, output) = (shapes[convolution.input.buffer], shapes[convolution.first.value.buffer])
      let geometry = convolution.geometry
      let small = geometry.isTransposed ? input : output
      let products = Double(small.h) * Double(small.w) * Double(geometry.taps)
      // Reading and writing a number takes as long as some multiplications.
      return products * Double(convolution.input.channels) * Double(convolution.first.value.channels)
        + 32 * Double(output.h) * Double(output.w) * Double(convolution.first.value.channels)
    }
    let total = max(1, work.reduce(0, +))
    var done = 0.0
    return work.map { work in
      defer { done += work }
      return done / total
    }
  }
}
