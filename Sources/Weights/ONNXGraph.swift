import Files

/// A graph of ONNX operators as it grows, in the messages of onnx.proto (IR version 8, operator set 17).
struct ONNXGraph {
  /// An attribute's value.
  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
  }

  /// The graph's message.
  private(set) var message = ProtobufMessage()
  private var constants: Set<String> = []

  /// Field numbers of GraphProto.
  private enum Field {
    static let node = 1
    static let name = 2
    static let initializer = 5
    static let input = 11
    static let output = 12
  }

  private static let float32 = 1
  private static let int64 = 7

  /// An empty graph called `name`.
  init(name: String) { message.add(Field.name, name) }

  /// Appends an operator.
  ///
  /// - Parameters:
  ///   - type: the operator
  ///   - name: its name; its output is called the same unless `output` says otherwise
  ///   - inputs: names of values, an empty one for an input left out
  ///   - attributes: in any order; they are written sorted by name
  /// - Returns: the name of its output
  mutating func node(
    _ type: String, _ name: String, _ inputs: [String], _ attributes: [String: Attribute] = [:], output: String? = nil
  ) -> String {
    let output = output ?? name
    var node = ProtobufMessage()
    for input in inputs { node.add(1, input) }
    node.add(2, output)
    node.add(3, name)
    node.add(4, type)
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { node.add(5, Self.attribute(name, value)) }
    message.add(Field.node, node)
    return output
  }

  /// Appends a tensor of weights, single precision, whose bytes `write` produces when their turn comes.
  mutating func initializer(_ name: String, _ shape: [Int], _ write: @escaping (ByteSink) throws -> Void) {
    tensor(name, shape, Self.float32, count: shape.reduce(4, *), write)
  }

  /// A constant of `shape`, a vector without one, which is written once however often it is asked for; returns its name.
  mutating func constant(_ name: String, floats: [Float], _ shape: [Int]? = nil) -> String {
    if constants.insert(name).inserted {
      tensor(name, shape ?? [floats.count], Self.float32, count: 4 * floats.count) { sink in
        try floats.withUnsafeBytes { try sink.write($0) }
      }
    }
    return name
  }

  /// A constant vector, as above.
  mutating func constant(_ name: String, integers: [Int64]) -> String {
    if constants.insert(name).inserted {
      tensor(name, [integers.count], Self.int64, count: 8 * integers.count) { sink in
        try integers.withUnsafeBytes { try sink.write($0) }
      }
    }
    return name
  }

  /// Declares the graph's input: batch, `channels`, height and width.
  mutating func input(_ name: String, channels: Int) {
    message.add(Field.input, Self.image(name, channels))
  }

  /// Declares the graph's output, of the same size, or `scale` times as wide and high.
  mutating func output(_ name: String, channels: Int, scale: Int) {
    message.add(Field.output, Self.image(name, channels, sides: scale == 1 ? "" : "output_"))
  }

  private mutating func tensor(
    _ name: String, _ shape: [Int], _ type: Int, count: Int, _ write: @escaping (ByteSink) throws -> Void
  ) {
    var tensor = ProtobufMessage()
    for length in shape { tensor.add(1, length) }
    tensor.add(2, type)
    tensor.add(8, name)
    tensor.add(9, count: count, write)
    message.add(Field.initializer, tensor)
  }

  /// AttributeProto; field 20 says which of the others holds the value.
  private static func attribute(_ name: String, _ value: Attribute) -> ProtobufMessage {
    var attribute = ProtobufMessage()
    attribute.add(1, name)
    switch value {
    case .float(let number):
      attribute.add(2, number)
      attribute.add(20, 1)
    case .integer(let number):
      attribute.add(3, number)
      attribute.add(20, 2)
    case .text(let text):
      attribute.add(4, text)
      attribute.add(20, 3)
    case .integers(let numbers):
      for number in numbers { attribute.add(8, number) }
      attribute.add(20, 7)
    }
    return attribute
  }

  /// ValueInfoProto of a tensor whose batch, height and width are open.
  private static func image(_ name: String, _ channels: Int, sides: String = "") -> ProtobufMessage {
    var shape = ProtobufMessage()
    for axis in ["batch", nil, sides + "height", sides + "width"] {
      var dimension = ProtobufMessage()
      if let axis { dimension.add(2, axis) } else { dimension.add(1, channels) }
      shape.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, float32)
    tensor.add(2, shape)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var value = ProtobufMessage()
    value.add(1, name)
    value.add(2, type)
    return value
  }
}
