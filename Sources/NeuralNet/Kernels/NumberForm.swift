import KernelArguments

/// What the numbers of a product are, and how they lie in groups of four bytes: a precision in the form that the processor
/// multiplies fastest.
enum NumberForm: Sendable, Hashable {
  /// Single precision, a number to a group.
  case floats
  /// bfloat16, two to a group.
  case bfloats
  /// Integers of sixteen bits, two to a group, by the greatest number of each pixel and of each column of a tap's weights: what
  /// stands in for bfloat16 where there is no instruction for that. Over the channels of a pixel their steps are no coarser on
  /// average (docs/design.md).
  case scaledIntegers
  /// Integers of eight bits, four to a group, by the least and greatest number of an image and the greatest of a column's weights.
  case integers
  /// The same integers, those of the input in sixteen bits, two to a group.
  case wideIntegers

  /// Numbers of the input in four bytes.
  var numbersPerGroup: Int {
    switch self {
    case .floats: 1
    case .bfloats, .scaledIntegers, .wideIntegers: 2
    case .integers: 4
    }
  }

  /// Groups of the input behind the numbers of each pixel: what a step of scaled integers is worth.
  var groupsBehindPixel: Int { self == .scaledIntegers ? 1 : 0 }

  /// Whether integers are counted between the least and the greatest number of an image.
  var hasRanges: Bool { self == .integers || self == .wideIntegers }

  /// Groups of the weights of a tap in a panel.
  func weightGroups(rows: Int) -> Int {
    switch self {
    case .floats: rows * panelWidth
    case .bfloats: rows / 2 * panelWidth
    // What columns are worth, or their sums, lies in front.
    case .scaledIntegers: (rows / 2 + 1) * panelWidth
    case .integers: (rows / 4 + 1) * panelWidth
    case .wideIntegers: rows / 4 * panelWidth
    }
  }
}
