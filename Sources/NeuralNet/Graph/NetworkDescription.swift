/// What a network computes when it is applied, in elementary layers under PyTorch's names: for who writes it down in
/// another form.
///
/// Operations fuse what belongs together and name their parameters by number; here they are taken apart again, each by
/// itself (`Operation.describe`), and concatenation, which is a matter of places in the graph, is a layer. Dropout is
/// absent.
package struct NetworkDescription: Sendable {
  /// An elementary layer, with the names of its tensors.
  package enum Layer: Sendable, Equatable {
    case convolution(ConvolutionGeometry, weight: String, bias: String?)
    case batchNormalization(scale: String, shift: String, mean: String, variance: String, epsilon: Float)
    case instanceNormalization(channels: Int, epsilon: Float)
    /// max(x, 0) + slope · min(x, 0)
    case rectifier(slope: Float)
    /// The same with a slope for each channel.
    case learnedRectifier(slope: String)
    case tanh
    case sum
    /// A number times a fixed factor.
    case scaling(Float)
    case pixelShuffle(factor: Int)
    /// Its inverse, of an image of so many channels.
    case pixelUnshuffle(factor: Int, channels: Int)
    case enlarging(EnlargingMethod, factor: Int)
    /// The largest of each `size`×`size` pixels.
    case maxPooling(size: Int)
    /// Along the channels.
    case concatenation
    /// Some of the channels.
    case slice(Range<Int>)
  }

  /// Where a step's input comes from.
  package enum Source: Sendable, Hashable {
    /// An input of the network, by its place.
    case input(Int)
    /// What another step has made, by its place.
    case step(Int)
  }

  /// A layer in its place.
  package struct Step: Sendable, Equatable {
    /// The PyTorch module whose tensors it uses, or a name of its own; no two steps have the same.
    package let name: String
    package let layer: Layer
    package let reads: [Source]
  }

  /// Channels of each input.
  package let inputs: [Int]
  /// In an order in which they can run.
  package private(set) var steps: [Step] = []
  package private(set) var outputs: [Source] = []

  let parameterNames: [String]
  let statisticsNames: [String]
  /// What is known of each buffer, in the order in which it was made.
  private var known: [Int: [(range: Range<Int>, source: Source)]] = [:]
  private var names: Set<String> = []

  fileprivate init(_ declaration: NetworkDeclaration) {
    let graph = declaration.graph
    inputs = graph.inputs.map(\.channels)
    parameterNames = declaration.parameters.map(\.name)
    statisticsNames = declaration.statistics.map(\.name)
    for (place, input) in graph.inputs.enumerated() { set(input, to: .input(place)) }
    for operation in graph.operations { operation.describe(&self) }
    outputs = graph.outputs.map { source(of: $0) }
  }

  // MARK: - For operations

  /// Appends a step.
  ///
  /// - Returns: what it makes
  mutating func add(_ layer: Layer, called name: String, of reads: [Source]) -> Source {
    var unique = name
    var count = 1
    while !names.insert(unique).inserted {
      count += 1
      unique = "\(name)_\(count)"
    }
    steps.append(Step(name: unique, layer: layer, reads: reads))
    return .step(steps.count - 1)
  }

  /// Appends a step from values to a value.
  mutating func add(_ layer: Layer, called name: String, of reads: [Value], makes value: Value) {
    var sources: [Source] = []
    for read in reads { sources.append(source(of: read)) }
    set(value, to: add(layer, called: name, of: sources))
  }

  /// Remembers where a value comes from.
  mutating func set(_ value: Value, to source: Source) {
    known[value.buffer, default: []].append((value.range, source))
  }

  /// Where a value comes from: a step made it, or it is put together from the channels of such.
  mutating func source(of value: Value) -> Source {
    let known = known[value.buffer] ?? []
    if let whole = known.first(where: { $0.range == value.range }) { return whole.source }
    var parts: [Source] = []
    var channel = value.firstChannel
    while channel < value.range.upperBound {
      guard let piece = known.first(where: { $0.range.contains(channel) }) else {
        preconditionFailure("a declared graph reads nothing that is not written")
      }
      let taken = channel..<min(piece.range.upperBound, value.range.upperBound)
      let slice = taken.lowerBound - piece.range.lowerBound..<taken.upperBound - piece.range.lowerBound
      parts.append(
        taken == piece.range ? piece.source : add(.slice(slice), called: "slice", of: [piece.source]))
      channel = taken.upperBound
    }
    let source = parts.count == 1 ? parts[0] : add(.concatenation, called: "concatenation", of: parts)
    set(value, to: source)
    return source
  }
}

extension NetworkDeclaration {
  /// What the network computes, layer by layer.
  package var description: NetworkDescription { NetworkDescription(self) }
}
