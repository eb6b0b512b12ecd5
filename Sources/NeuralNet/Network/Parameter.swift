import KernelArguments

/// How the numbers of a parameter lie in memory.
public enum ParameterLayout: Sendable, Equatable {
  /// As in files.
  case vector
  /// The weights of a convolution in panels of 64 columns: [panel][tap][row][64].
  case packed(PackedWeights)

  /// Floats in memory for a parameter of `count` numbers.
  func storage(of count: Int) -> Int {
    switch self {
    case .vector: count
    case .packed(let packed): packed.storage
    }
  }
}

/// Weights of a convolution as the kernels want them.
///
/// One layout serves all three products. Along the *columns* vectors are loaded whole; the *rows* are the other channel
/// axis. Where the columns are output channels, the forward product runs over them as they lie and the data gradient
/// along them; where they are input channels (layers with few outputs) it is the other way round.
public struct PackedWeights: Sendable, Equatable {
  /// Which channels the columns are.
  public enum Columns: Sendable, Equatable {
    /// Output channels.
    case output
    /// Input channels.
    case input
  }

  /// Input channels.
  public var inputChannels: Int
  /// Output channels.
  public var outputChannels: Int
  /// Kernel height × width.
  public var taps: Int
  /// Whether files hold (in, out, kh, kw) instead of (out, in, kh, kw).
  public var isTransposed: Bool
  /// Which channels the columns are.
  public var columns: Columns

  /// The layout for a convolution: columns are the outputs, unless these are few.
  public init(inputChannels: Int, outputChannels: Int, taps: Int, isTransposed: Bool) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.taps = taps
    self.isTransposed = isTransposed
    columns = outputChannels < 16 && inputChannels >= 16 ? .input : .output
  }

  var columnCount: Int { columns == .output ? outputChannels : inputChannels }
  var rowCount: Int { columns == .output ? inputChannels : outputChannels }
  var panels: Int { (columnCount + panelWidth - 1) / panelWidth }
  var tapStride: Int { rowCount * panelWidth }
  var panelStride: Int { taps * tapStride }
  var storage: Int { panels * panelStride }

  /// Calls `body` with every index in file order and its place in memory, for one panel.
  @inline(__always)
  func forEach(inPanel panel: Int, _ body: (_ fileIndex: Int, _ place: Int) -> Void) {
    let firstColumn = panel * panelWidth
    let outerIsColumn = isTransposed == (columns == .input)
    let innerCount = isTransposed ? outputChannels : inputChannels
    for column in firstColumn..<min(columnCount, firstColumn + panelWidth) {
      for row in 0..<rowCount {
        let (outer, inner) = outerIsColumn ? (column, row) : (row, column)
        let file = (outer * innerCount + inner) * taps
        let place = panel * panelStride + row * panelWidth + column - firstColumn
        for tap in 0..<taps { body(file + tap, place + tap * tapStride) }
      }
    }
  }
}

/// What a parameter is for, which decides how it is initialised.
public enum ParameterRole: Sendable, Equatable {
  /// Weights of a convolution.
  case convolutionWeight
  /// A convolution's bias.
  case bias
  /// γ of a normalisation.
  case normalizationScale
  /// β of a normalisation.
  case normalizationShift
}

/// One learned tensor of a network.
public struct Parameter: Sendable, Equatable {
  /// The name in PyTorch's state_dict.
  public var name: String
  /// The shape in files, PyTorch's order of axes.
  public var shape: [Int]
  /// What it is for.
  public var role: ParameterRole
  /// How it lies in memory.
  public var layout: ParameterLayout
  /// Where it begins in the store.
  public var offset: Int

  /// Numbers in files.
  public var count: Int { shape.reduce(1, *) }
  /// Floats in memory, a multiple of sixteen.
  public var storage: Int { (layout.storage(of: count) + 15) / 16 * 16 }
}

/// Statistics that a network keeps without learning them: running mean and variance of batch normalisation.
public struct RunningStatistics: Sendable, Equatable {
  /// The normalisation's name; files append `.running_mean`, `.running_var` and `.num_batches_tracked`.
  public var name: String
  /// `[channels]`
  public var mean: [Float]
  /// `[channels]`, unbiased
  public var variance: [Float]
  /// Updates so far.
  public var batches: Int64 = 0

  init(name: String, channels: Int) {
    self.name = name
    mean = [Float](repeating: 0, count: channels)
    variance = [Float](repeating: 1, count: channels)
  }
}
