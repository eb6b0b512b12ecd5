extension Network {
  /// Whether normalisations take their statistics from the image itself, so that every number of the output depends on all of
  /// it.
  package func usesImageStatistics(_ mode: ExecutionMode) -> Bool {
    graph.operations.contains { ($0 as? Convolution)?.statistics(mode) == .data }
  }

  /// How many pixels to each side of a pixel of the input what is made of it depends on, statistics aside; nil: the network
  /// has several outputs or other operations than convolutions.
  ///
  /// Pixel x of a value sees the input from a·x − before to a·x + after. Of a convolution with stride s, kernel k and
  /// padding p it follows from s·x − p ≤ x' ≤ s·x − p + k − 1, of a transposed one from (x + p − k + 1)/s ≤ x' ≤ (x + p)/s.
  package var reach: Int? {
    struct Sight {
      var size = 1.0
      var before = 0.0
      var after = 0.0
    }
    guard graph.inputs.count == 1, graph.outputs.count == 1 else { return nil }
    var sights = [Int: Sight]()
    func see(_ buffer: Int, _ sight: Sight) {
      var joined = sights[buffer] ?? sight
      joined.before = max(joined.before, sight.before)
      joined.after = max(joined.after, sight.after)
      sights[buffer] = joined
    }
    see(graph.inputs[0].buffer, Sight())
    for operation in graph.operations {
      guard let operation = operation as? Convolution, var sight = sights[operation.input.buffer] else { return nil }
      let geometry = operation.geometry
      let (kernel, stride, padding) = (Double(geometry.kernel), Double(geometry.stride), Double(geometry.padding))
      if geometry.isTransposed {
        sight.size /= stride
        sight.before += (kernel - 1 - padding) * sight.size
        sight.after += padding * sight.size
      } else {
        let repeats = Double(geometry.upsampling)
        sight.size /= repeats
        // A repeated pixel shows what lies up to r − 1 of its copies before it.
        sight.before += (padding + repeats - 1) * sight.size
        sight.after += (kernel - 1 - padding) * sight.size
        sight.size *= stride
      }
      for value in operation.makes { see(value.buffer, sight) }
      if let residual = operation.residual, let other = sights[residual.buffer] {
        see(operation.first.value.buffer, other)
      }
    }
    return sights[graph.outputs[0].buffer].map { Int(max($0.before, $0.after).rounded(.up)) }
  }
}
