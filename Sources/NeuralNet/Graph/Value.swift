/// A tensor between operations: some channels of a buffer, so that concatenation needs no copy.
package struct Value: Sendable, Hashable {
  var buffer: Int
  var firstChannel: Int
  /// Channels of this value.
  package var channels: Int

  /// Its first channels, which need no copy.
  package func prefix(_ channels: Int) -> Value {
    precondition((1...self.channels).contains(channels), "a part of a value's channels lies among them")
    return Value(buffer: buffer, firstChannel: firstChannel, channels: channels)
  }

  /// Its channels in the buffer.
  var range: Range<Int> { firstChannel..<firstChannel + channels }
}

/// What a step of a pass is about.
enum Plane: Sendable, CaseIterable {
  /// What operations compute.
  case values
  /// Derivatives of the loss by the values.
  case gradients
  /// Derivatives of the values along a direction in the input: the second half of differentiating a gradient.
  case tangents
}

/// The parts of a step, in the order in which they run; `backward` takes the operations in reverse.
enum Phase: Sendable, CaseIterable {
  case forward
  case backward
  case tangent
}
