import KernelArguments

/// Weights of a convolution as the kernels want them.
///
/// One layout serves all three products. Along the *columns* vectors are loaded whole; the *rows* are the other channel
/// axis. Where the columns are output channels, the forward product runs over them as they lie and the data gradient
/// along them; where they are input channels (layers with few outputs) it is the other way round.
package struct PackedWeights: Sendable, Hashable {
  /// Which channels the columns are.
  package enum Columns: Sendable, Hashable {
    /// Output channels.
    case output
    /// Input channels.
    case input
  }

  /// Input channels.
  package var inputChannels: Int
  /// Output channels.
  package var outputChannels: Int
  /// Kernel height × width.
  package var taps: Int
  /// Whether files hold (in, out, kh, kw) instead of (out, in, kh, kw).
  package var isTransposed: Bool
  /// Which channels the columns are.
  package var columns: Columns

  /// The layout for a convolution: columns are the outputs, unless these are few.
  package init(inputChannels: Int, outputChannels: Int, taps: Int, isTransposed: Bool) {
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
