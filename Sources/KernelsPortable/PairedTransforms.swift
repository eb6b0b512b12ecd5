import CVectors
import KernelArguments

// Winograd's transforms whose points are 0, ±p, perhaps ±q, perhaps r, and ∞. The values at p and −p are the sum and the
// difference of an even and an odd part, and r costs one multiply-add more for each number that is read, so that 6 numbers become
// 6 by 12 multiply-adds instead of 24. All that a line of a tile has is in registers at once.

extension Kernels {
  /// Runs a transform with such points. Each number of points and outputs is code of its own, without a branch in its loops.
  static func transform(_ transform: TileTransform, _ points: PairedPoints) {
    if points.copies != .none {
      if points.outputs == 3 {
        runWithCopies(transform, points, FourPoints.self, ThreeOutputs.self)
      } else {
        runWithCopies(transform, points, FivePoints.self, FourOutputs.self)
      }
      return
    }
    switch (points.hasSecondPair, points.hasSingle, points.outputs) {
    case (false, false, 2): run(transform, points, FourPoints.self, TwoOutputs.self)
    case (false, false, _): run(transform, points, FourPoints.self, ThreeOutputs.self)
    case (false, true, 2): run(transform, points, FivePoints.self, TwoOutputs.self)
    case (false, true, 3): run(transform, points, FivePoints.self, ThreeOutputs.self)
    case (false, true, _): run(transform, points, FivePoints.self, FourOutputs.self)
    case (true, false, 3): run(transform, points, SixPoints.self, ThreeOutputs.self)
    case (true, false, 4): run(transform, points, SixPoints.self, FourOutputs.self)
    case (true, false, _): run(transform, points, SixPoints.self, FiveOutputs.self)
    case (true, true, 4): run(transform, points, SevenPoints.self, FourOutputs.self)
    case (true, true, _): run(transform, points, SevenPoints.self, FiveOutputs.self)
    }
  }

  @inline(__always)
  private static func run<P: PointCount, M: OutputCount>(
    _ transform: TileTransform, _ points: PairedPoints, _: P.Type, _: M.Type
  ) {
    switch points.side {
    case .input: run(InputLines<P>(points), transform, accumulates: false)
    case .output: run(OutputLines<P, M>(points), transform, accumulates: transform.accumulates)
    case .outputGradient: run(OutputGradientLines<P, M>(points), transform, accumulates: false)
    }
  }

  /// The same with copies beside what the points make.
  @inline(__always)
  private static func runWithCopies<P: PointCount, M: OutputCount>(
    _ transform: TileTransform, _ points: PairedPoints, _: P.Type, _: M.Type
  ) {
    switch (points.side, points.copies) {
    case (.input, .apart):
      run(WithCopies<InputLines<P>, M, CopiesApart>(InputLines(points)), transform, accumulates: false)
    case (.input, _):
      run(WithCopies<InputLines<P>, M, CopiesShared>(InputLines(points)), transform, accumulates: false)
    case (.output, .apart):
      run(
        WithCopies<OutputLines<P, M>, M, CopiesApart>(OutputLines(points)), transform,
        accumulates: transform.accumulates)
    case (.output, _):
      run(
        WithCopies<OutputLines<P, M>, M, CopiesAdded>(OutputLines(points)), transform,
        accumulates: transform.accumulates)
    case (.outputGradient, .apart):
      run(
        WithCopies<OutputGradientLines<P, M>, M, CopiesApart>(OutputGradientLines(points)), transform,
        accumulates: false)
    case (.outputGradient, _):
      run(
        WithCopies<OutputGradientLines<P, M>, M, CopiesShared>(OutputGradientLines(points)), transform,
        accumulates: false)
    }
  }

  @inline(__always)
  private static func run<Lines: PairedLines>(_ lines: Lines, _ transform: TileTransform, accumulates: Bool) {
    for tile in 0..<transform.tiles {
      var channel = 0
      while channel < transform.channels {
        apply(lines, transform, tile, channel, min(panelWidth, transform.channels - channel), accumulates)
        channel += panelWidth
      }
    }
  }

  /// First the columns, `T = L · X` into scratch, then the rows, `T · Rᵀ`.
  @inline(__always)
  private static func apply<Lines: PairedLines>(
    _ lines: Lines, _ transform: TileTransform, _ tile: Int, _ channel: Int, _ width: Int,
    _ accumulates: Bool
  ) {
    let input = transform.input + tile * transform.inputPlaces.tileStride + channel
    let inputTable = transform.inputPlaces.table + tile * transform.inputPlaces.tableStride
    let scratch = transform.scratch
    let (reads, writes) = (Lines.reads, Lines.writes)
    let line = reads * panelWidth
    // Pixels lie in many short rows, and so do transformed numbers, which the processor does not foresee.
    let next = tile + 1 < transform.tiles
    for column in 0..<reads {
      let places = inputTable + column
      let sources = NinePlaces { $0 < reads ? input + Int(places[$0 * reads]) : input }
      if next {
        let ahead = places + transform.inputPlaces.tableStride
        let base = input + transform.inputPlaces.tileStride
        for row in 0..<reads { prefetch(base + Int(ahead[row * reads]), width) }
      }
      let target = scratch + column * panelWidth
      var lane = 0
      while lane < width {
        lines.compute {
          loadLine(sources[$0], lane)
        } store: {
          storeLine($1, target, $0 * line + lane)
        }
        lane += lineLanes
      }
    }
    let output = transform.output + tile * transform.outputPlaces.tileStride + channel
    let outputTable = transform.outputPlaces.table + tile * transform.outputPlaces.tableStride
    // What has no place goes where nobody looks.
    let nowhere = UnsafePointer(scratch + writes * line)
    for row in 0..<writes {
      let source = UnsafePointer(scratch + row * line)
      let places = outputTable + row * writes
      let targets = NinePlaces { place in
        place < writes && places[place] >= 0 ? UnsafePointer(output + Int(places[place])) : nowhere
      }
      if next {
        let ahead = places + transform.outputPlaces.tableStride
        let base = output + transform.outputPlaces.tileStride
        for place in 0..<writes { prefetchToWrite(base + Int(ahead[place]), width) }
      }
      var lane = 0
      if accumulates {
        while lane < width {
          lines.compute {
            loadLine(source, $0 * panelWidth + lane)
          } store: {
            let target = UnsafeMutablePointer(mutating: targets[$0])
            storeLine($1 + loadLine(target, lane), target, lane)
          }
          lane += lineLanes
        }
        continue
      }
      while lane < width {
        let start = transform.bias.map { loadLine($0 + channel, lane) } ?? LineVector()
        lines.compute {
          loadLine(source, $0 * panelWidth + lane)
        } store: {
          storeLine(Lines.addsBias ? $1 + start : $1, UnsafeMutablePointer(mutating: targets[$0]), lane)
        }
        lane += lineLanes
      }
    }
  }
}

@inline(__always) private func prefetch(_ place: UnsafePointer<Float>, _ width: Int) {
  var lane = 0
  while lane < width {
    vector_prefetch(place + lane)
    lane += lanes
  }
}

@inline(__always) private func prefetchToWrite(_ place: UnsafePointer<Float>, _ width: Int) {
  var lane = 0
  while lane < width {
    vector_prefetch_to_write(place + lane)
    lane += lanes
  }
}

// One register: seven numbers and their points fill sixteen.
#if KERNELS_AVX512
  private typealias LineVector = SIMD16<Float>
#elseif KERNELS_AVX2
  private typealias LineVector = SIMD8<Float>
#else
  private typealias LineVector = SIMD4<Float>
#endif

private let lineLanes = LineVector.scalarCount

@inline(__always) private func loadLine(_ pointer: UnsafePointer<Float>, _ index: Int) -> LineVector {
  UnsafeRawPointer(pointer + index).loadUnaligned(as: LineVector.self)
}

@inline(__always) private func storeLine(_ vector: LineVector, _ pointer: UnsafeMutablePointer<Float>, _ index: Int) {
  UnsafeMutableRawPointer(pointer + index).storeBytes(of: vector, as: LineVector.self)
}

extension LineVector {
  /// `self + a · b`, fused where the processor can.
  @inline(__always) fileprivate func plusLine(_ a: LineVector, _ b: LineVector) -> LineVector {
    #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
      addingProduct(a, b)
    #else
      self + a * b
    #endif
  }

}

/// Up to nine places: as many points as there are, with copies.
private struct NinePlaces {
  let p0, p1, p2, p3, p4, p5, p6, p7, p8: UnsafePointer<Float>

  @inline(__always) init(_ place: (Int) -> UnsafePointer<Float>) {
    (p0, p1, p2, p3) = (place(0), place(1), place(2), place(3))
    (p4, p5, p6, p7, p8) = (place(4), place(5), place(6), place(7), place(8))
  }

  @inline(__always) subscript(place: Int) -> UnsafePointer<Float> {
    switch place {
    case 0: p0
    case 1: p1
    case 2: p2
    case 3: p3
    case 4: p4
    case 5: p5
    case 6: p6
    case 7: p7
    default: p8
    }
  }
}

/// One step of a transform: the numbers of a line to those of its transform.
private protocol PairedLines {
  /// Numbers of a line.
  static var reads: Int { get }
  /// Numbers of its transform.
  static var writes: Int { get }
  /// Whether a bias may be added to these.
  static var addsBias: Bool { get }
  /// Computes one register of each.
  func compute(_ load: (Int) -> LineVector, store: (Int, LineVector) -> Void)
}

/// Which points there are besides 0, ±p and ∞.
private protocol PointCount {
  static var hasSecond: Bool { get }
  static var hasSingle: Bool { get }
}

extension PointCount {
  @inline(__always) fileprivate static var count: Int { (hasSecond ? 6 : 4) + (hasSingle ? 1 : 0) }
}

private enum FourPoints: PointCount {
  @inline(__always) static var hasSecond: Bool { false }
  @inline(__always) static var hasSingle: Bool { false }
}
private enum FivePoints: PointCount {
  @inline(__always) static var hasSecond: Bool { false }
  @inline(__always) static var hasSingle: Bool { true }
}
private enum SixPoints: PointCount {
  @inline(__always) static var hasSecond: Bool { true }
  @inline(__always) static var hasSingle: Bool { false }
}
private enum SevenPoints: PointCount {
  @inline(__always) static var hasSecond: Bool { true }
  @inline(__always) static var hasSingle: Bool { true }
}

private protocol OutputCount {
  static var count: Int { get }
}

private enum TwoOutputs: OutputCount {
  @inline(__always) static var count: Int { 2 }
}
private enum ThreeOutputs: OutputCount {
  @inline(__always) static var count: Int { 3 }
}
private enum FourOutputs: OutputCount {
  @inline(__always) static var count: Int { 4 }
}
private enum FiveOutputs: OutputCount {
  @inline(__always) static var count: Int { 5 }
}

/// The points, in every lane.
private struct Points<P: PointCount> {
  let p: LineVector
  let q: LineVector
  let r: LineVector
  let pp: LineVector
  let qq: LineVector
  // Negated once: vectors that are negated where they are needed come in halves.
  let minusP: LineVector
  let minusQ: LineVector
  let minusR: LineVector
  let minusPP: LineVector
  let minusQQ: LineVector

  @inline(__always) init(_ points: PairedPoints) {
    p = LineVector(repeating: points.first)
    q = LineVector(repeating: points.second)
    r = LineVector(repeating: points.single)
    pp = LineVector(repeating: points.first * points.first)
    qq = LineVector(repeating: points.second * points.second)
    minusP = LineVector(repeating: -points.first)
    minusQ = LineVector(repeating: -points.second)
    minusR = LineVector(repeating: -points.single)
    minusPP = LineVector(repeating: -(points.first * points.first))
    minusQQ = LineVector(repeating: -(points.second * points.second))
  }
}

/// Where the numbers are that a step copies beside what it computes: `PairedPoints.Copies`.
private protocol CopyKind {
  static var areShared: Bool { get }
  static var areAdded: Bool { get }
}

private enum CopiesApart: CopyKind {
  @inline(__always) static var areShared: Bool { false }
  @inline(__always) static var areAdded: Bool { false }
}
private enum CopiesShared: CopyKind {
  @inline(__always) static var areShared: Bool { true }
  @inline(__always) static var areAdded: Bool { false }
}
private enum CopiesAdded: CopyKind {
  @inline(__always) static var areShared: Bool { false }
  @inline(__always) static var areAdded: Bool { true }
}

/// A step and as many copies as there are outputs.
private struct WithCopies<Lines: PairedLines, M: OutputCount, Kind: CopyKind>: PairedLines {
  private let lines: Lines

  @inline(__always) init(_ lines: Lines) { self.lines = lines }

  @inline(__always) static var reads: Int { Lines.reads + (Kind.areShared ? 0 : M.count) }
  @inline(__always) static var writes: Int { Lines.writes + (Kind.areAdded ? 0 : M.count) }
  @inline(__always) static var addsBias: Bool { Lines.addsBias }

  @inline(__always) func compute(_ load: (Int) -> LineVector, store: (Int, LineVector) -> Void) {
    if Kind.areAdded {
      return lines.compute(load) { store($0, $1 + load(Lines.reads + $0)) }
    }
    lines.compute(load, store: store)
    @inline(__always) func copy(_ place: Int) {
      store(Lines.writes + place, load((Kind.areShared ? 0 : Lines.reads) + place))
    }
    copy(0)
    copy(1)
    copy(2)
    if M.count > 3 { copy(3) }
  }
}

/// B: the coefficients of a polynomial by those that are the products of all points but one.
private struct InputLines<P: PointCount>: PairedLines {
  private let points: Points<P>
  /// −(p² + q²), p² · q²
  private let minusSum: LineVector
  private let product: LineVector

  @inline(__always) init(_ points: PairedPoints) {
    self.points = Points(points)
    minusSum = LineVector(repeating: -(points.first * points.first + points.second * points.second))
    product = self.points.pp * self.points.qq
  }

  @inline(__always) static var reads: Int { P.count }
  @inline(__always) static var writes: Int { P.count }
  @inline(__always) static var addsBias: Bool { false }

  @inline(__always) func compute(_ load: (Int) -> LineVector, store: (Int, LineVector) -> Void) {
    let r = points.minusR
    if P.hasSecond {
      var x0 = load(0), x1 = load(1), x2 = load(2), x3 = load(3), x4 = load(4), x5 = load(5)
      if P.hasSingle {
        let x6 = load(6)
        store(5, quartic(x1, x3, x5))
        (x0, x1, x2) = (x1.plusLine(r, x0), x2.plusLine(r, x1), x3.plusLine(r, x2))
        (x3, x4, x5) = (x4.plusLine(r, x3), x5.plusLine(r, x4), x6.plusLine(r, x5))
      }
      store(0, quartic(x0, x2, x4))
      let even1 = x4.plusLine(points.minusQQ, x2), odd1 = x3.plusLine(points.minusQQ, x1)
      store(1, even1.plusLine(points.p, odd1))
      store(2, even1.plusLine(points.minusP, odd1))
      let even2 = x4.plusLine(points.minusPP, x2), odd2 = x3.plusLine(points.minusPP, x1)
      store(3, even2.plusLine(points.q, odd2))
      store(4, even2.plusLine(points.minusQ, odd2))
      store(P.count - 1, quartic(x1, x3, x5))
    } else {
      var x0 = load(0), x1 = load(1), x2 = load(2), x3 = load(3)
      if P.hasSingle {
        let x4 = load(4)
        store(3, x3.plusLine(points.minusPP, x1))
        (x0, x1) = (x1.plusLine(r, x0), x2.plusLine(r, x1))
        (x2, x3) = (x3.plusLine(r, x2), x4.plusLine(r, x3))
      }
      store(0, x2.plusLine(points.minusPP, x0))
      store(1, x2.plusLine(points.p, x1))
      store(2, x2.plusLine(points.minusP, x1))
      store(P.count - 1, x3.plusLine(points.minusPP, x1))
    }
  }

  /// (x² − p²) (x² − q²)
  @inline(__always) private func quartic(_ x0: LineVector, _ x2: LineVector, _ x4: LineVector) -> LineVector {
    x4.plusLine(minusSum, x2).plusLine(product, x0)
  }
}

/// Aᵀ: the value of the point times its powers, one for each output.
private struct OutputLines<P: PointCount, M: OutputCount>: PairedLines {
  private let points: Points<P>

  @inline(__always) init(_ points: PairedPoints) { self.points = Points(points) }

  @inline(__always) static var reads: Int { P.count }
  @inline(__always) static var writes: Int { M.count }
  @inline(__always) static var addsBias: Bool { true }

  @inline(__always) func compute(_ load: (Int) -> LineVector, store: (Int, LineVector) -> Void) {
    let m1 = load(1), m2 = load(2)
    var even1 = m1 + m2, odd1 = (m1 - m2) * points.p
    var even2 = LineVector(), odd2 = LineVector(), single = LineVector()
    if P.hasSecond {
      let m3 = load(3), m4 = load(4)
      even2 = m3 + m4
      odd2 = (m3 - m4) * points.q
    }
    if P.hasSingle { single = load(P.count - 2) }
    let infinite = load(P.count - 1)
    @inline(__always) func put(_ place: Int, _ one: LineVector, _ other: LineVector) {
      var y = one
      if P.hasSecond { y += other }
      if P.hasSingle {
        y += single
        single *= points.r
      }
      store(place, place == M.count - 1 ? y + infinite : y)
    }
    put(0, load(0) + even1, even2)
    put(1, odd1, odd2)
    if M.count < 3 { return }
    even1 *= points.pp
    if P.hasSecond { even2 *= points.qq }
    put(2, even1, even2)
    if M.count < 4 { return }
    odd1 *= points.pp
    if P.hasSecond { odd2 *= points.qq }
    put(3, odd1, odd2)
    if M.count < 5 { return }
    even1 *= points.pp
    if P.hasSecond { even2 *= points.qq }
    put(4, even1, even2)
  }
}

/// A: the value of a polynomial at each point.
private struct OutputGradientLines<P: PointCount, M: OutputCount>: PairedLines {
  private let points: Points<P>

  @inline(__always) init(_ points: PairedPoints) { self.points = Points(points) }

  @inline(__always) static var reads: Int { M.count }
  @inline(__always) static var writes: Int { P.count }
  @inline(__always) static var addsBias: Bool { false }

  @inline(__always) func compute(_ load: (Int) -> LineVector, store: (Int, LineVector) -> Void) {
    var x = (load(0), load(1), LineVector(), LineVector(), LineVector())
    if M.count > 2 { x.2 = load(2) }
    if M.count > 3 { x.3 = load(3) }
    if M.count > 4 { x.4 = load(4) }
    @inline(__always)
    func pair(_ first: Int, _ point: LineVector, _ minusPoint: LineVector, _ square: LineVector) {
      var (even, odd) = (x.0, x.1)
      if M.count > 2 { even = even.plusLine(square, M.count > 4 ? x.2.plusLine(square, x.4) : x.2) }
      if M.count > 3 { odd = odd.plusLine(square, x.3) }
      store(first, even.plusLine(point, odd))
      store(first + 1, even.plusLine(minusPoint, odd))
    }
    store(0, x.0)
    pair(1, points.p, points.minusP, points.pp)
    if P.hasSecond { pair(3, points.q, points.minusQ, points.qq) }
    if P.hasSingle {
      let r = points.r
      var value = x.1
      if M.count > 4 {
        value = value.plusLine(r, x.2.plusLine(r, x.3.plusLine(r, x.4)))
      } else if M.count > 3 {
        value = value.plusLine(r, x.2.plusLine(r, x.3))
      } else if M.count > 2 {
        value = value.plusLine(r, x.2)
      }
      store(P.count - 2, x.0.plusLine(r, value))
    }
    store(P.count - 1, M.count == 2 ? x.1 : M.count == 3 ? x.2 : M.count == 4 ? x.3 : x.4)
  }
}
