extension Convolution {
  func describe(_ description: inout NetworkDescription) {
    let names = description.parameterNames
    var last = description.add(
      .convolution(geometry, weight: names[weight], bias: bias.map { names[$0] }), called: name,
      of: [description.source(of: input)])
    if let normalization, let layer = normalization.layer(description, channels: first.value.channels) {
      last = description.add(layer, called: normalization.name, of: [last])
    }
    let path = normalization?.name ?? name
    if scale != 1 { last = description.add(.scaling(scale), called: path + ".scaling", of: [last]) }
    if let residual {
      last = description.add(.sum, called: path + ".sum", of: [description.source(of: residual), last])
    }
    let activated =
      rectifier.map {
        description.add(.learnedRectifier(slope: names[$0.slope]), called: $0.name, of: [last])
      } ?? description.add(first.activation, to: last, path)
    description.set(first.value, to: activated)
    if let second {
      description.set(
        second.value,
        to: second.activation == first.activation ? activated : description.add(second.activation, to: last, path))
    }
  }
}

extension Convolution.Normalization {
  fileprivate func layer(_ description: NetworkDescription, channels: Int) -> NetworkDescription.Layer? {
    let epsilon = Float(PlannedNormalization.epsilon)
    if kind == .instance { return .instanceNormalization(channels: channels, epsilon: epsilon) }
    guard let scale, let shift, let running else { return nil }
    let names = description.parameterNames
    let statistics = description.statisticsNames[running]
    return .batchNormalization(
      scale: names[scale], shift: names[shift], mean: RunningStatistics.meanName(statistics),
      variance: RunningStatistics.varianceName(statistics), epsilon: epsilon)
  }
}

extension NetworkDescription {
  /// Appends what `activation` does to `source`; nothing where it does nothing.
  fileprivate mutating func add(_ activation: Activation, to source: Source, _ path: String) -> Source {
    switch activation {
    case .identity: source
    case .relu: add(.rectifier(slope: 0), called: path + ".relu", of: [source])
    case .rectifier(let slope): add(.rectifier(slope: slope), called: path + ".leaky_relu", of: [source])
    case .tanh: add(.tanh, called: path + ".tanh", of: [source])
    }
  }
}
