import COpenBLAS
import Files

/// Matrix products by OpenBLAS; the only file that calls it.
///
/// Each call runs on the thread that makes it: what threads share out is ours to decide.
package enum MatrixProduct {
  private static let isSingleThreaded: Bool = {
    openblas_set_num_threads(1)
    return true
  }()

  /// `c[m][n] (+)= a[m][k] · b[k][n]`, rows `aStride`, `bStride` and `cStride` floats apart.
  ///
  /// - Parameter transposesA: whether `a` lies as `[k][m]`
  static func multiply(
    m: Int, n: Int, k: Int, transposesA: Bool = false, a: UnsafePointer<Float>, aStride: Int,
    b: UnsafePointer<Float>, bStride: Int, c: UnsafeMutablePointer<Float>, cStride: Int, accumulates: Bool
  ) {
    guard isSingleThreaded, m > 0, n > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a,
      blasint(aStride), b,
      blasint(bStride), accumulates ? 1 : 0, c, blasint(cStride))
  }

  /// As many of `wanted` threads as a limit on addresses leaves room for, half of which is for other things: OpenBLAS takes
  /// a buffer for each thread that multiplies, and where there is none it asks again for ever.
  ///
  /// - Throws: `FileError` where there is no room even for one
  static func threadsWithRoom(_ wanted: Int) throws -> Int {
    guard let room = SystemMemory.addressSpace else { return wanted }
    guard room >= bufferBytes else { throw SystemMemory.shortage(bufferBytes, for: .oneThread) }
    return min(wanted, max(1, room / 2 / bufferBytes))
  }

  /// Addresses that OpenBLAS takes for a thread on 64-bit processors; it uses little of the memory behind them.
  private static let bufferBytes = 128 << 20
}
