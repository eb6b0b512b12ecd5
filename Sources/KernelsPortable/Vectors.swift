import CVectors

/// Sixteen floats: one AVX-512 register, two of AVX2, four of NEON.
typealias Vector = SIMD16<Float>

/// Floats in a vector.
let lanes = 16

@inline(__always) func load(_ pointer: UnsafePointer<Float>, _ index: Int) -> Vector {
  UnsafeRawPointer(pointer + index).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>, _ index: Int) {
  UnsafeMutableRawPointer(pointer + index).storeBytes(of: vector, as: Vector.self)
}

/// The first `count` floats, zeros in the other lanes; nothing beyond them is read.
@inline(__always) func load(_ pointer: UnsafePointer<Float>, _ index: Int, count: Int) -> Vector {
  if count >= lanes { return load(pointer, index) }
  var vector = Vector()
  var lane = 0
  while lane < count {
    vector[lane] = pointer[index + lane]
    lane += 1
  }
  return vector
}

/// Stores the first `count` lanes, and nothing where `count` is not positive.
@inline(__always) func storeVector(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>, _ index: Int, count: Int) {
  if count >= lanes { return store(vector, pointer, index) }
  var lane = 0
  while lane < count {
    pointer[index + lane] = vector[lane]
    lane += 1
  }
}

extension Vector {
  /// `self += a · b`, fused where the processor can: without the instruction, `addingProduct` would call fmaf per lane.
  @inline(__always) mutating func addProduct(_ a: Vector, _ b: Vector) {
    #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
      self = addingProduct(a, b)
    #else
      self += a * b
    #endif
  }

  /// `self + a · b`, fused where the processor can.
  @inline(__always) func plus(_ a: Vector, _ b: Vector) -> Vector {
    var sum = self
    sum.addProduct(a, b)
    return sum
  }

  /// The square root of each lane; the standard library's calls a function for each.
  @inline(__always) var squareRoots: Vector {
    var result = self
    withUnsafeMutablePointer(to: &result) { pointer in
      pointer.withMemoryRebound(to: Float.self, capacity: lanes) { vector_square_roots($0) }
    }
    return result
  }

  /// `max(self, 0) + slope · min(self, 0)`: ReLU (slope 0), leaky ReLU, or nothing (slope 1).
  @inline(__always) func rectified(_ slope: Vector) -> Vector {
    replacing(with: self * slope, where: self .<= 0)
  }

  /// The derivative of `rectified` there: 1 above 0, else the slope.
  @inline(__always) func rectifierSlope(_ slope: Vector) -> Vector {
    slope.replacing(with: 1, where: self .> 0)
  }
}

/// The kernels of this build; the same sources are compiled for each vector width.
package enum Kernels {}
