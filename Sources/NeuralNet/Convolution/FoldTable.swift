/// How the gradient of a reflected or upsampled grid is summed back into the image that it came from.
final class FoldTable: Sendable {
  /// Pixels of the large grid that each input pixel went to: `[pixel + 1]`, then floats from the arena's start.
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
