import KernelArguments

/// One block laid out for one input shape: where its tensors lie, and the tables of its products.
struct BlockPlan {
  /// Where a normalisation's statistics come from.
  enum Statistics {
    /// There is no normalisation.
    case none
    /// The data, in groups of images.
    case data
    /// The running statistics.
    case running
  }

  let block: Block
  let statistics: Statistics
  let imagesPerGroup: Int
  let input: PlannedTensor
  /// The convolution's output; the first output itself where nothing needs it afterwards.
  let raw: PlannedTensor
  let first: PlannedTensor
  let second: PlannedTensor?
  let residual: PlannedTensor?
  /// The copy of a thin input, made before the forward product.
  let thinInput: ThinSide?
  let forward: ConvolutionProduct
  /// Consecutive pixels that the forward product finishes together.
  let pixelPieces: [Range<Int>]
  /// Where the weights lie that were transformed for inference; nil: there are none.
  let readyFilters: Int?
  /// Mean, scale, shift and 1/deviation of each group and channel: [4][group][channel].
  let affine: Int
  /// Two partial sums of each piece and channel: [2][piece][channel].
  let partials: Int
  let backward: Backward?

  /// What the way back needs.
  struct Backward {
    var firstGradient: PlannedTensor
    var secondGradient: PlannedTensor?
    /// The gradient of the convolution's output; in place of the first gradient where nobody else needs that.
    var raw: PlannedTensor
    /// Means of dz and of dz · x̂ of each group and channel: [2][group][channel].
    var means: Int
    /// The copy of a thin output's gradient, made before the products.
    var thinGradient: ThinSide?
    /// The input where it has not been kept.
    var recomputedInput: Recomputation?
    var weights: ConvolutionWeightGradient?
    var input: InputGradient?
  }

  /// A value that is normalised from its raw output once more.
  struct Recomputation {
    /// The block whose output it is.
    var block: Int
    /// Where it goes.
    var target: PlannedTensor
  }

  /// The data gradient, and how it comes back from a padded or upsampled grid.
  struct InputGradient {
    var product: ConvolutionProduct
    var target: PlannedTensor
    var fold: FoldTable?
    var accumulates: Bool
  }

  var groups: Int { first.shape.n / imagesPerGroup }
  var pixelsPerGroup: Int { imagesPerGroup * first.shape.h * first.shape.w }
  var channels: Int { block.outputChannels }

  /// Pixels of a piece of the passes that follow products: 128 KB of one tensor.
  var pixelsPerPiece: Int { min(pixelsPerGroup, max(16, 32_768 / channels)) }
  var piecesPerGroup: Int { (pixelsPerGroup + pixelsPerPiece - 1) / pixelsPerPiece }

  /// Piece `piece` of the passes: its group and its pixels.
  func pixels(ofPiece piece: Int) -> (group: Int, pixels: Range<Int>) {
    let group = piece / piecesPerGroup
    let first = group * pixelsPerGroup + piece % piecesPerGroup * pixelsPerPiece
    return (group, first..<min(first + pixelsPerPiece, (group + 1) * pixelsPerGroup))
  }
}

/// How the gradient of a reflected or upsampled grid is summed back into the image that it came from.
final class FoldTable {
  /// Pixels of the large grid that each input pixel went to: `[pixel + 1]`, then floats from the arena's begin.
  let starts: IndexTable
  let sources: IndexTable

  init(_ grid: LargeGrid, large: PlannedTensor, input: Shape) {
    func spread(_ axis: [Int], _ extent: Int) -> [[Int]] {
      var places = [[Int]](repeating: [], count: extent)
      for (large, small) in axis.enumerated() { places[small].append(large) }
      return places
    }
    let rows = spread(grid.rows, input.h)
    let columns = spread(grid.columns, input.w)
    var starts: [Int32] = [0]
    var sources: [Int32] = []
    for image in 0..<input.n {
      for row in 0..<input.h {
        for column in 0..<input.w {
          for largeRow in rows[row] {
            for largeColumn in columns[column] { sources.append(large.offset(image, largeRow, largeColumn)) }
          }
          starts.append(Int32(sources.count))
        }
      }
    }
    self.starts = IndexTable(starts)
    self.sources = IndexTable(sources)
  }
}
