import KernelArguments

/// A small matrix laid out for the transform kernels.
///
/// Unchecked: nothing is written after `init`.
final class TransformMatrix: @unchecked Sendable {
  private let rows: Int
  private let columns: Int
  private let starts: IndexTable
  private let indices: IndexTable
  private let values: UnsafeMutablePointer<Float>
  /// What it is made of; nil: nothing that kernels know.
  let points: PairedPoints?

  init(_ matrix: [[Double]], _ points: PairedPoints? = nil) {
    self.points = points
    rows = matrix.count
    columns = matrix.first?.count ?? 0
    var starts: [Int32] = [0]
    var indices: [Int32] = []
    var values: [Float] = []
    for row in matrix {
      for (column, value) in row.enumerated() where value != 0 {
        indices.append(Int32(column))
        values.append(Float(value))
      }
      starts.append(Int32(indices.count))
    }
    self.starts = IndexTable(starts)
    self.indices = IndexTable(indices)
    self.values = .allocate(capacity: max(1, values.count))
    self.values.initialize(from: values, count: values.count)
  }

  deinit { values.deallocate() }

  /// What kernels read; valid as long as this object lives.
  var sparse: SparseMatrix {
    SparseMatrix(rows: rows, columns: columns, starts: starts.base, indices: indices.base, values: values)
  }

  static func transposed(_ matrix: [[Double]]) -> [[Double]] {
    (matrix.first ?? []).indices.map { column in matrix.map { $0[column] } }
  }
}
