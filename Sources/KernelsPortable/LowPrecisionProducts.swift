import CVectors
import KernelArguments

// Products of numbers of fewer bits: the loops of a gathered product, with four bytes in place of a float. Sums of integers
// are exact, so they are the same with every build; sums of bfloat16 numbers are single precision.

extension Kernels {
  /// Runs a product of integers of eight bits, those of the input from 0 to 255.
  package static func multiplyIntegers(_ product: LowPrecisionProduct) { multiply(product, ByteProduct.self) }

  /// Runs a product of bfloat16 numbers.
  package static func multiplyBFloats(_ product: LowPrecisionProduct) { multiply(product, BFloatProduct.self) }

  @inline(__always)
  private static func multiply<Format: LowPrecisionFormat>(_ product: LowPrecisionProduct, _: Format.Type) {
    #if KERNELS_AVX512
      if product.columns > 2 * lanes {
        sixRows(product, FourSums<Format>.self, 0)
      } else {
        sixRows(product, TwoSums<Format>.self, 0)
      }
    #elseif KERNELS_AVX2_VNNI
      for column in stride(from: 0, to: product.columns, by: lanes) { sixRows(product, OneSum<Format>.self, column) }
    #else
      // What a dot product takes apart first fills registers too, so that three pixels are what fits.
      for column in stride(from: 0, to: product.columns, by: lanes) { threeRows(product, OneSum<Format>.self, column) }
    #endif
  }

  #if KERNELS_AVX512 || KERNELS_AVX2_VNNI
    @inline(__always)
    private static func sixRows<Sums: LowPrecisionSums>(_ product: LowPrecisionProduct, _: Sums.Type, _ column: Int) {
      for tile in 0..<product.tiles {
        // All before the first is stored: pixels that fill up a tile are stored twice.
        let outputs = product.outputOffsets + tile * gatherTile
        var r0 = Sums(product, Int(outputs[0]), firstColumn: column),
          r1 = Sums(product, Int(outputs[1]), firstColumn: column)
        var r2 = Sums(product, Int(outputs[2]), firstColumn: column),
          r3 = Sums(product, Int(outputs[3]), firstColumn: column)
        var r4 = Sums(product, Int(outputs[4]), firstColumn: column),
          r5 = Sums(product, Int(outputs[5]), firstColumn: column)
        var columnSums = Sums.Integers()
        var offsets = product.inputOffsets + tile * product.inputTileStride
        for tap in 0..<product.taps {
          defer { offsets += gatherTile }
          if offsets[0] < 0 { continue }
          let x0 = product.input + Int(offsets[0]), x1 = product.input + Int(offsets[1])
          let x2 = product.input + Int(offsets[2]), x3 = product.input + Int(offsets[3])
          let x4 = product.input + Int(offsets[4]), x5 = product.input + Int(offsets[5])
          var weights = Sums.skippingColumnSums(
            product.weights + Int(product.weightOffsets[tap]) + column, &columnSums)
          var place = 0
          for _ in 0..<product.groups {
            let b = Sums.Integers(weights)
            r0.add(x0[place], b)
            r1.add(x1[place], b)
            r2.add(x2[place], b)
            r3.add(x3[place], b)
            r4.add(x4[place], b)
            r5.add(x5[place], b)
            weights += panelWidth
            place += product.inputGroupStride
          }
        }
        r0.store(product, columnSums, Int(outputs[0]), firstColumn: column)
        r1.store(product, columnSums, Int(outputs[1]), firstColumn: column)
        r2.store(product, columnSums, Int(outputs[2]), firstColumn: column)
        r3.store(product, columnSums, Int(outputs[3]), firstColumn: column)
        r4.store(product, columnSums, Int(outputs[4]), firstColumn: column)
        r5.store(product, columnSums, Int(outputs[5]), firstColumn: column)
      }
    }
  #endif

  @inline(__always)
  private static func threeRows<Sums: LowPrecisionSums>(_ product: LowPrecisionProduct, _: Sums.Type, _ column: Int) {
    for half in 0..<2 * product.tiles {
      let tile = half / 2, row = half % 2 * 3
      // All before the first is stored: pixels that fill up a tile are stored twice. They repeat the last one, which the first
      // half may have stored already.
      let outputs = product.outputOffsets + tile * gatherTile + row
      if row > 0, outputs[0] == outputs[-1] { continue }
      var r0 = Sums(product, Int(outputs[0]), firstColumn: column)
      var r1 = Sums(product, Int(outputs[1]), firstColumn: column)
      var r2 = Sums(product, Int(outputs[2]), firstColumn: column)
      var columnSums = Sums.Integers()
      var offsets = product.inputOffsets + tile * product.inputTileStride
      for tap in 0..<product.taps {
        defer { offsets += gatherTile }
        if offsets[0] < 0 { continue }
        let x0 = product.input + Int(offsets[row]), x1 = product.input + Int(offsets[row + 1])
        let x2 = product.input + Int(offsets[row + 2])
        let start = product.weights + Int(product.weightOffsets[tap]) + column
        var weights = Sums.skippingColumnSums(start, &columnSums)
        var place = 0
        for _ in 0..<product.groups {
          let b = Sums.Integers(weights)
          r0.add(x0[place], b)
          r1.add(x1[place], b)
          r2.add(x2[place], b)
          weights += panelWidth
          place += product.inputGroupStride
        }
      }
      r0.store(product, columnSums, Int(outputs[0]), firstColumn: column)
      r1.store(product, columnSums, Int(outputs[1]), firstColumn: column)
      r2.store(product, columnSums, Int(outputs[2]), firstColumn: column)
    }
  }
}

/// Sixteen groups of four bytes.
typealias IntegerVector = SIMD16<Int32>

@inline(__always) func load(_ pointer: UnsafePointer<Int32>, _ index: Int) -> IntegerVector {
  UnsafeRawPointer(pointer + index).loadUnaligned(as: IntegerVector.self)
}

@inline(__always) func store(_ vector: IntegerVector, _ pointer: UnsafeMutablePointer<Int32>, _ index: Int) {
  UnsafeMutableRawPointer(pointer + index).storeBytes(of: vector, as: IntegerVector.self)
}

/// How groups of four bytes are multiplied, and what becomes of the sums of sixteen columns.
private protocol LowPrecisionFormat {
  associatedtype Sum
  /// What the sums of sixteen columns begin with.
  static func start(_ product: LowPrecisionProduct, _ place: Int, firstColumn: Int) -> Sum
  /// Whether sums of the weights of each column lie in front of a tap's weights.
  static var hasColumnSums: Bool { get }
  static func adding(_ sum: Sum, _ group: Int32, _ weights: IntegerVector) -> Sum
  /// The sums as single precision, without the bias.
  static func result(
    _ sum: Sum, _ product: LowPrecisionProduct, columnSums: IntegerVector, firstColumn: Int
  ) -> Vector
}

private enum ByteProduct: LowPrecisionFormat {
  @inline(__always)
  static func start(_ product: LowPrecisionProduct, _ place: Int, firstColumn: Int) -> IntegerVector { IntegerVector() }
  @inline(__always) static var hasColumnSums: Bool { true }

  @inline(__always)
  static func adding(_ sum: IntegerVector, _ group: Int32, _ weights: IntegerVector) -> IntegerVector {
    vector_add_byte_dots(sum, IntegerVector(repeating: group), weights)
  }

  /// Σ (q − z) · w = Σ q · w − z · Σ w, over the taps that were used. Nothing here is fused, so that all builds round alike.
  @inline(__always)
  static func result(
    _ sum: IntegerVector, _ product: LowPrecisionProduct, columnSums: IntegerVector, firstColumn: Int
  ) -> Vector {
    let exact = sum &- columnSums &* product.zeroPoint
    return vector_floats(exact) * (load(product.weightSteps, firstColumn) * product.step)
  }
}

private enum BFloatProduct: LowPrecisionFormat {
  @inline(__always)
  static func start(_ product: LowPrecisionProduct, _ place: Int, firstColumn: Int) -> Vector {
    product.accumulates && firstColumn < product.columns
      ? load(UnsafePointer(product.output + place), firstColumn) : Vector()
  }
  @inline(__always) static var hasColumnSums: Bool { false }

  @inline(__always) static func adding(_ sum: Vector, _ group: Int32, _ weights: IntegerVector) -> Vector {
    vector_add_bfloat_dots(sum, IntegerVector(repeating: group), weights)
  }

  @inline(__always)
  static func result(
    _ sum: Vector, _ product: LowPrecisionProduct, columnSums: IntegerVector, firstColumn: Int
  ) -> Vector { sum }
}

/// A multiple of sixteen groups.
private protocol GroupRow {
  init()
  init(_ pointer: UnsafePointer<Int32>)
  mutating func add(_ other: Self)
}

/// The sums of one pixel, a multiple of sixteen columns in registers.
private protocol LowPrecisionSums {
  associatedtype Integers: GroupRow
  associatedtype Format: LowPrecisionFormat
  /// With what `Format` begins with.
  init(_ product: LowPrecisionProduct, _ place: Int, firstColumn: Int)
  mutating func add(_ group: Int32, _ weights: Integers)
  /// Stores them from `firstColumn` on, as many as there are columns.
  func store(_ product: LowPrecisionProduct, _ columnSums: Integers, _ place: Int, firstColumn: Int)
}

extension LowPrecisionSums {
  /// Where a tap's weights begin; the sums of its columns are added to `sums`.
  @inline(__always)
  static func skippingColumnSums(_ weights: UnsafePointer<Int32>, _ sums: inout Integers) -> UnsafePointer<Int32> {
    guard Format.hasColumnSums else { return weights }
    sums.add(Integers(weights))
    return weights + panelWidth
  }

  @inline(__always)
  static func store(
    _ sum: Format.Sum, _ product: LowPrecisionProduct, _ columnSums: IntegerVector, _ place: Int, firstColumn: Int
  ) {
    if firstColumn >= product.columns { return }
    var result = Format.result(sum, product, columnSums: columnSums, firstColumn: firstColumn)
    if !product.accumulates, let bias = product.bias { result += load(bias, firstColumn) }
    storeVector(result, product.output + place, firstColumn, count: product.columns - firstColumn)
  }
}

private struct OneGroup: GroupRow {
  var v0 = IntegerVector()
  @inline(__always) init() {}
  @inline(__always) init(_ pointer: UnsafePointer<Int32>) { v0 = load(pointer, 0) }
  @inline(__always) mutating func add(_ other: OneGroup) { v0 &+= other.v0 }
}

private struct OneSum<Format: LowPrecisionFormat>: LowPrecisionSums {
  var v0: Format.Sum
  @inline(__always) init(_ product: LowPrecisionProduct, _ place: Int, firstColumn: Int) {
    v0 = Format.start(product, place, firstColumn: firstColumn)
  }
  @inline(__always) mutating func add(_ group: Int32, _ weights: OneGroup) {
    v0 = Format.adding(v0, group, weights.v0)
  }
  @inline(__always)
  func store(_ product: LowPrecisionProduct, _ columnSums: OneGroup, _ place: Int, firstColumn: Int) {
    Self.store(v0, product, columnSums.v0, place, firstColumn: firstColumn)
  }
}

#if KERNELS_AVX512
  private struct TwoGroups: GroupRow {
    var v0 = IntegerVector()
    var v1 = IntegerVector()
    @inline(__always) init() {}
    @inline(__always) init(_ pointer: UnsafePointer<Int32>) {
      v0 = load(pointer, 0)
      v1 = load(pointer, lanes)
    }
    @inline(__always) mutating func add(_ other: TwoGroups) {
      v0 &+= other.v0
      v1 &+= other.v1
    }
  }

  private struct TwoSums<Format: LowPrecisionFormat>: LowPrecisionSums {
    var v0: Format.Sum
    var v1: Format.Sum
    @inline(__always) init(_ product: LowPrecisionProduct, _ place: Int, firstColumn: Int) {
      v0 = Format.start(product, place, firstColumn: firstColumn)
      v1 = Format.start(product, place, firstColumn: firstColumn + lanes)
    }
    @inline(__always) mutating func add(_ group: Int32, _ weights: TwoGroups) {
      v0 = Format.adding(v0, group, weights.v0)
      v1 = Format.adding(v1, group, weights.v1)
    }
    @inline(__always)
    func store(_ product: LowPrecisionProduct, _ columnSums: TwoGroups, _ place: Int, firstColumn: Int) {
      Self.store(v0, product, columnSums.v0, place, firstColumn: firstColumn)
      Self.store(v1, product, columnSums.v1, place, firstColumn: firstColumn + lanes)
    }
  }

  private struct FourGroups: GroupRow {
    var v0 = IntegerVector()
    var v1 = IntegerVector()
    var v2 = IntegerVector()
    var v3 = IntegerVector()
    @inline(__always) init() {}
    @inline(__always) init(_ pointer: UnsafePointer<Int32>) {
      v0 = load(pointer, 0)
      v1 = load(pointer, lanes)
      v2 = load(pointer, 2 * lanes)
      v3 = load(pointer, 3 * lanes)
    }
    @inline(__always) mutating func add(_ other: FourGroups) {
      v0 &+= other.v0
      v1 &+= other.v1
      v2 &+= other.v2
      v3 &+= other.v3
    }
  }

  private struct FourSums<Format: LowPrecisionFormat>: LowPrecisionSums {
    var v0: Format.Sum
    var v1: Format.Sum
    var v2: Format.Sum
    var v3: Format.Sum
    @inline(__always) init(_ product: LowPrecisionProduct, _ place: Int, firstColumn: Int) {
      v0 = Format.start(product, place, firstColumn: firstColumn)
      v1 = Format.start(product, place, firstColumn: firstColumn + lanes)
      v2 = Format.start(product, place, firstColumn: firstColumn + 2 * lanes)
      v3 = Format.start(product, place, firstColumn: firstColumn + 3 * lanes)
    }
    @inline(__always) mutating func add(_ group: Int32, _ weights: FourGroups) {
      v0 = Format.adding(v0, group, weights.v0)
      v1 = Format.adding(v1, group, weights.v1)
      v2 = Format.adding(v2, group, weights.v2)
      v3 = Format.adding(v3, group, weights.v3)
    }
    @inline(__always)
    func store(_ product: LowPrecisionProduct, _ columnSums: FourGroups, _ place: Int, firstColumn: Int) {
      Self.store(v0, product, columnSums.v0, place, firstColumn: firstColumn)
      Self.store(v1, product, columnSums.v1, place, firstColumn: firstColumn + lanes)
      Self.store(v2, product, columnSums.v2, place, firstColumn: firstColumn + 2 * lanes)
      Self.store(v3, product, columnSums.v3, place, firstColumn: firstColumn + 3 * lanes)
    }
  }
#endif
