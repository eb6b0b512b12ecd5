import CVectors

/// One row of a tile of a product, a multiple of sixteen columns in registers.
protocol TileRow {
  /// Zeros.
  init()
  /// Whole vectors.
  init(_ pointer: UnsafePointer<Float>)
  /// The first `count` floats, zeros beyond.
  init(partial pointer: UnsafePointer<Float>, _ count: Int)
  /// `self += a · b`
  mutating func add(_ a: Float, _ b: Self)
  /// Stores the first `count` columns.
  func store(_ pointer: UnsafeMutablePointer<Float>, _ count: Int)
  /// Stores all columns as bfloat16 numbers, `first` numbers behind `place`.
  func storeBFloats(_ place: UnsafeMutableRawPointer, _ first: Int)
}

struct OneVector: TileRow {
  var v0 = Vector()

  @inline(__always) init() {}

  @inline(__always) init(_ pointer: UnsafePointer<Float>) { v0 = load(pointer, 0) }

  @inline(__always) init(partial pointer: UnsafePointer<Float>, _ count: Int) { v0 = load(pointer, 0, count: count) }

  @inline(__always) mutating func add(_ a: Float, _ b: Self) {
    v0 = vector_computed(v0.plus(Vector(repeating: a), b.v0))
  }

  @inline(__always) func store(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    storeVector(v0, pointer, 0, count: count)
  }

  @inline(__always) func storeBFloats(_ place: UnsafeMutableRawPointer, _ first: Int) {
    storeVectorBFloats(v0, place, first)
  }
}

#if KERNELS_AVX512
  struct TwoVectors: TileRow {
    var v0 = Vector()
    var v1 = Vector()

    @inline(__always) init() {}

    @inline(__always) init(_ pointer: UnsafePointer<Float>) {
      v0 = load(pointer, 0)
      v1 = load(pointer, lanes)
    }

    @inline(__always) init(partial pointer: UnsafePointer<Float>, _ count: Int) {
      v0 = load(pointer, 0, count: count)
      v1 = load(pointer, lanes, count: count - lanes)
    }

    @inline(__always) mutating func add(_ a: Float, _ b: Self) {
      let a = Vector(repeating: a)
      v0 = vector_computed(v0.plus(a, b.v0))
      v1 = vector_computed(v1.plus(a, b.v1))
    }

    @inline(__always) func store(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
      storeVector(v0, pointer, 0, count: count)
      storeVector(v1, pointer, lanes, count: count - lanes)
    }

    @inline(__always) func storeBFloats(_ place: UnsafeMutableRawPointer, _ first: Int) {
      storeVectorBFloats(v0, place, first)
      storeVectorBFloats(v1, place, first + 1 * lanes)
    }
  }
#endif

struct FourVectors: TileRow {
  var v0 = Vector()
  var v1 = Vector()
  var v2 = Vector()
  var v3 = Vector()

  @inline(__always) init() {}

  @inline(__always) init(_ pointer: UnsafePointer<Float>) {
    v0 = load(pointer, 0)
    v1 = load(pointer, lanes)
    v2 = load(pointer, 2 * lanes)
    v3 = load(pointer, 3 * lanes)
  }

  @inline(__always) init(partial pointer: UnsafePointer<Float>, _ count: Int) {
    v0 = load(pointer, 0, count: count)
    v1 = load(pointer, lanes, count: count - lanes)
    v2 = load(pointer, 2 * lanes, count: count - 2 * lanes)
    v3 = load(pointer, 3 * lanes, count: count - 3 * lanes)
  }

  @inline(__always) mutating func add(_ a: Float, _ b: Self) {
    let a = Vector(repeating: a)
    v0 = vector_computed(v0.plus(a, b.v0))
    v1 = vector_computed(v1.plus(a, b.v1))
    v2 = vector_computed(v2.plus(a, b.v2))
    v3 = vector_computed(v3.plus(a, b.v3))
  }

  @inline(__always) func store(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    storeVector(v0, pointer, 0, count: count)
    storeVector(v1, pointer, lanes, count: count - lanes)
    storeVector(v2, pointer, 2 * lanes, count: count - 2 * lanes)
    storeVector(v3, pointer, 3 * lanes, count: count - 3 * lanes)
  }

  @inline(__always) func storeBFloats(_ place: UnsafeMutableRawPointer, _ first: Int) {
    storeVectorBFloats(v0, place, first)
    storeVectorBFloats(v1, place, first + 1 * lanes)
    storeVectorBFloats(v2, place, first + 2 * lanes)
    storeVectorBFloats(v3, place, first + 3 * lanes)
  }
}
