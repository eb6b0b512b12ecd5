/// A larger image by interpolation: (N, C, H, W) → (N, C, H · f, W · f).
struct Enlarging: Operation {
  var name: String { "\(method) enlarging ×\(factor)" }
  var input: Value
  var output: Value
  var factor: Int
  var method: EnlargingMethod

  var reads: [Value] { [input] }
  var makes: [Value] { [output] }
  package var parameters: [Int] { [] }
  var obstacleToTangents: String? { nil }

  func shapes(of inputs: [Shape]) -> [Shape]? {
    [Shape(inputs[0].n, inputs[0].c, inputs[0].h * factor, inputs[0].w * factor)]
  }

  func describe(_ description: inout NetworkDescription) {
    description.add(.enlarging(method, factor: factor), called: "\(method)_enlarging", of: [input], makes: output)
  }

  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation {
    { Planned(factor: factor, method: method, input: input, output: output, $0) }
  }

  /// For each position along an axis of what is written, the positions that it is the weighted sum of.
  struct Axis: Sendable, Equatable {
    /// Where the parts of each position begin, and where the last ones end.
    private(set) var starts: [Int] = [0]
    private(set) var sources: [Int] = []
    private(set) var weights: [Float] = []

    /// An axis of `extent` input positions, `factor` times as many of them to write.
    init(_ extent: Int, factor: Int, method: EnlargingMethod) {
      for position in 0..<extent * factor {
        switch method {
        case .nearest: append([(position / factor, 1)])
        case .bilinear:
          let place = max(0, (Float(position) + 0.5) / Float(factor) - 0.5)
          let lower = min(Int(place), extent - 1)
          let part = place - Float(lower)
          if lower + 1 < extent, part > 0 {
            append([(lower, 1 - part), (lower + 1, part)])
          } else {
            append([(lower, 1)])
          }
        }
      }
    }

    private init() {}

    /// The axis that gathers gradients: `extent` positions of what was read, written from those of what was made.
    func transposed(_ extent: Int) -> Axis {
      var parts = [[(Int, Float)]](repeating: [], count: extent)
      for position in 0..<starts.count - 1 {
        for part in starts[position]..<starts[position + 1] { parts[sources[part]].append((position, weights[part])) }
      }
      var axis = Axis()
      for part in parts { axis.append(part) }
      return axis
    }

    private mutating func append(_ parts: [(source: Int, weight: Float)]) {
      for part in parts {
        sources.append(part.source)
        weights.append(part.weight)
      }
      starts.append(sources.count)
    }
  }

  private struct Planned: PlannedOperation {
    let input: PlannedTensor
    let output: PlannedTensor
    let gradient: PlannedTensor?
    let inputGradient: (tensor: PlannedTensor, adds: Bool)?
    let tangents: (input: PlannedTensor, output: PlannedTensor)?
    let rows: Axis
    let columns: Axis
    /// For gradients; nil: nobody wants them.
    let back: (rows: Axis, columns: Axis)?

    init(factor: Int, method: EnlargingMethod, input: Value, output: Value, _ places: Places) {
      self.input = places.value(input)
      self.output = places.value(output)
      gradient = places.tensor(.gradients, output)
      inputGradient = places.wantedGradient(ofRead: 0)
      tangents = places.tensor(.tangents, input).flatMap { source in
        places.tensor(.tangents, output).map { (source, $0) }
      }
      let shape = self.input.shape
      rows = Axis(shape.h, factor: factor, method: method)
      columns = Axis(shape.w, factor: factor, method: method)
      back = inputGradient == nil ? nil : (rows.transposed(shape.h), columns.transposed(shape.w))
    }

    func forward(_ pass: Pass) { gather(pass, from: input, to: output, rows, columns, adds: false) }

    func tangent(_ pass: BackwardPass) {
      if let tangents { gather(pass.pass, from: tangents.input, to: tangents.output, rows, columns, adds: false) }
    }

    func backward(_ pass: BackwardPass) {
      guard let gradient, let inputGradient, let back else { return }
      gather(pass.pass, from: gradient, to: inputGradient.tensor, back.rows, back.columns, adds: inputGradient.adds)
    }

    private func gather(
      _ pass: Pass, from source: PlannedTensor, to target: PlannedTensor, _ rows: Axis, _ columns: Axis, adds: Bool
    ) {
      let channels = target.shape.c
      pass.run(target.shape.n * target.shape.h) { line, _ in
        let (image, row) = (line / target.shape.h, line % target.shape.h)
        for column in 0..<target.shape.w {
          let to = pass.arena + Int(target.offset(image, row, column))
          if !adds { to.update(repeating: 0, count: channels) }
          for y in rows.starts[row]..<rows.starts[row + 1] {
            for x in columns.starts[column]..<columns.starts[column + 1] {
              let weight = rows.weights[y] * columns.weights[x]
              let from = pass.arena + Int(source.offset(image, rows.sources[y], columns.sources[x]))
              for channel in 0..<channels { to[channel] += weight * from[channel] }
            }
          }
        }
      }
    }
  }
}

extension NetworkBuilder {
  /// Appends an enlargement by interpolation.
  ///
  /// - Returns: (N, C, H · factor, W · factor)
  package mutating func enlarging(_ input: Value, factor: Int, _ method: EnlargingMethod) -> Value {
    require(factor > 1, "\(method) enlarging ×\(factor)", "needs a factor of 2 or more")
    let output = value(channels: input.channels)
    append(Enlarging(input: input, output: output, factor: factor, method: method))
    return output
  }
}
