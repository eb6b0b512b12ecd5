import Files
import KernelArguments
import Parallel
import Synchronization

/// What the operations of a network have made, in a scratch file: each convolution's raw numbers, (H, W, C).
///
/// Normalising, rectifying and adding residuals happens on the way from the file to a band, so that nothing is written
/// twice: two copies with different rectifiers, or a place in a concatenated buffer, take no room. Only sums with a
/// residual are written back when they are first read, since each is the next one's residual.
struct BandedValues: Sendable {
  /// Where what each operation makes lies in the file, and which operations make a value.
  struct Places: Sendable {
    /// Bytes from the file's start, by operation.
    fileprivate let offsets: [Int]
    fileprivate let parts: [Value: [Part]]
    /// Bytes of the file.
    let bytes: Int
    /// Floats of what a thread reads at once.
    let slotFloats: Int

    /// Part of a value, as an operation makes it.
    fileprivate struct Part: Sendable {
      var operation: Int
      var value: Value
      var activation: Activation
    }

    /// nil: the operations are not joined in a way that this can follow.
    init?(_ graph: Graph, _ convolutions: [BandedConvolution]) {
      var parts: [Value: [Part]] = [:]
      let outputs = convolutions.flatMap { convolution in
        ([convolution.operation.first] + (convolution.operation.second.map { [$0] } ?? [])).map {
          Part(operation: convolution.index, value: $0.value, activation: $0.activation)
        }
      }
      let readers = convolutions.map { ($0.index, [$0.operation.input]) } + [(convolutions.count, graph.outputs)]
      let residuals = convolutions.compactMap(\.operation.residual)
      for value in readers.flatMap(\.1) + residuals where value != graph.inputs.first {
        parts[value] = outputs.filter { $0.value.buffer == value.buffer && $0.value.range.overlaps(value.range) }
        // A part of what an operation makes, or the image beside it, is not read here.
        guard let made = parts[value], made.allSatisfy({ value.range.clamped(to: $0.value.range) == $0.value.range }),
          made.reduce(0, { $0 + $1.value.channels }) == value.channels
        else { return nil }
      }
      guard !residuals.contains(where: { $0 == graph.inputs.first }) else { return nil }
      var lives = convolutions.map { $0.index...$0.index }
      func extend(_ value: Value, to time: Int) {
        for part in parts[value] ?? [] {
          let life = lives[part.operation]
          lives[part.operation] = life.lowerBound...max(life.upperBound, time)
        }
      }
      for (time, values) in readers { for value in values { extend(value, to: time) } }
      for convolution in convolutions {
        guard let residual = convolution.operation.residual else { continue }
        // A sum is made when it is first read.
        let readings = readers.filter { reader in
          reader.1.contains { parts[$0]?.contains { $0.operation == convolution.index } ?? false }
        }
        guard let first = readings.first?.0 else { return nil }
        extend(residual, to: first)
        // A sum of sums must have been read before, or it would have to be made of all those before it.
        let isSum = parts[residual]?.contains { convolutions[$0.operation].operation.residual != nil } ?? false
        guard !isSum || readers.contains(where: { $0.0 < first && $0.1.contains(residual) }) else { return nil }
      }
      var plan = ArenaPlan()
      for (convolution, life) in zip(convolutions, lives) {
        _ = plan.reserve(
          convolution.layout.output.count * MemoryLayout<Float>.stride, from: life.lowerBound, through: life.upperBound)
      }
      bytes = plan.place(after: 0)
      offsets = plan.reservations.map(\.offset)
      slotFloats = max(Self.leastSlot, convolutions.map(\.outputRow).max() ?? 0)
      self.parts = parts
    }

    /// Rows are read together up to 128 KB.
    private static let leastSlot = 1 << 15
  }

  /// Places of `slotFloats` that reading takes: what is read, a residual, and what that is made of.
  static let slots = 3

  private let places: Places
  private let convolutions: [BandedConvolution]
  private let normalizations: [PlannedNormalization?]
  private let file: ScratchFile
  private let pass: Pass
  /// `[thread][slots][slotFloats]`
  private let staging: UnsafeStaging
  /// Rows of each operation's sum with a residual that are in the file.
  private var finished: [Int]

  /// Unchecked: every thread has a part of its own, and the memory outlives the pass.
  private struct UnsafeStaging: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
  }

  /// - Parameter staging: room for `BandedPlan.stagingFloats` for each thread
  init(
    _ plan: BandedPlan, _ normalizations: [PlannedNormalization?], in file: ScratchFile, _ pass: Pass,
    staging: UnsafeMutablePointer<Float>
  ) {
    places = plan.values
    convolutions = plan.convolutions
    self.normalizations = normalizations
    self.file = file
    self.pass = pass
    self.staging = UnsafeStaging(base: staging)
    finished = [Int](repeating: 0, count: convolutions.count)
  }

  private func row(_ operation: Int) -> Int { convolutions[operation].outputRow }
  private func offset(_ operation: Int, _ row: Int) -> Int {
    places.offsets[operation] + row * self.row(operation) * MemoryLayout<Float>.stride
  }

  // MARK: - Bands

  /// Writes rows of what an operation's products have made, which lie one after the other.
  func write(_ operation: Int, _ rows: Range<Int>, from band: UnsafePointer<Float>) throws(FileError) {
    let length = row(operation)
    let shared = Shared(band)
    try forEachPiece(of: rows, rowsAtOnce: max(1, places.slotFloats / length)) { (piece, _) throws(FileError) in
      let place = shared.value + (piece.lowerBound - rows.lowerBound) * length
      try file.write(
        UnsafeRawBufferPointer(start: place, count: bytes(piece.count * length)),
        at: offset(operation, piece.lowerBound))
    }
  }

  /// Reads rows of a value, which is not the network's input, with all that follows the products: normalised, rectified, with
  /// residuals added. They lie one after the other in `band`.
  mutating func read(_ value: Value, _ rows: Range<Int>, to band: UnsafeMutablePointer<Float>) throws(FileError) {
    guard let parts = places.parts[value] else { preconditionFailure("every value that is read has been planned") }
    let sums = parts.filter { convolutions[$0.operation].operation.residual != nil }
    let longest = parts.map { row($0.operation) }.max() ?? 1
    let length = convolutions[parts[0].operation].layout.output.w * value.channels
    let shared = Shared(band)
    let values = self
    // Row by row where some may be finished and some not.
    try forEachPiece(of: rows, rowsAtOnce: sums.isEmpty ? max(1, places.slotFloats / longest) : 1) {
      (piece, worker) throws(FileError) in
      let staging = values.staging.base + worker * Self.slots * values.places.slotFloats
      try values.load(
        value, piece, to: shared.value + (piece.lowerBound - rows.lowerBound) * length, staging: staging)
    }
    for sum in sums { finished[sum.operation] = max(finished[sum.operation], rows.upperBound) }
  }

  /// Tells the disk which rows of a value will be read soon.
  func expectReading(_ value: Value, _ rows: Range<Int>) {
    for part in places.parts[value] ?? [] {
      file.expectReading(bytes(rows.count * row(part.operation)), at: offset(part.operation, rows.lowerBound))
    }
  }

  private func load(
    _ value: Value, _ rows: Range<Int>, to place: UnsafeMutablePointer<Float>, staging: UnsafeMutablePointer<Float>
  ) throws(FileError) {
    for part in places.parts[value] ?? [] {
      let (operation, layout) = (convolutions[part.operation].operation, convolutions[part.operation].layout)
      let (pixels, channels) = (rows.count * layout.output.w, layout.output.c)
      let target = PixelView(place + part.value.firstChannel - value.firstChannel, stride: value.channels)
      let raw = PixelView(staging, stride: channels)
      let numbers = UnsafeMutableRawBufferPointer(start: staging, count: bytes(pixels * channels))
      let start = offset(part.operation, rows.lowerBound)
      try file.read(numbers, at: start)
      let affine = normalizations[part.operation].map { $0.affine(pass, 0, 0..<channels) }
      let dropout =
        pass.mode.drops && operation.hasDropout
        ? Convolution.dropout(
          pass, part.operation, rows.lowerBound * layout.output.w, 0..<channels, channels: channels) : nil
      guard let residual = operation.residual else {
        operation.activate(
          pass, pixels, raw, affine: affine, dropout: dropout, residual: nil, channels: 0..<channels,
          to: (target, part.activation))
        continue
      }
      if rows.lowerBound >= finished[part.operation] {
        let added = staging + places.slotFloats
        try load(residual, rows, to: added, staging: added + places.slotFloats)
        operation.activate(
          pass, pixels, raw, affine: affine, dropout: dropout, residual: PixelView(added, stride: channels),
          channels: 0..<channels, to: (raw, part.activation))
        try file.write(UnsafeRawBufferPointer(numbers), at: start)
      }
      for pixel in 0..<pixels {
        (target.base + pixel * target.stride).update(from: staging + pixel * channels, count: channels)
      }
    }
  }

  private func bytes(_ floats: Int) -> Int { floats * MemoryLayout<Float>.stride }

  /// Shares out some rows among the threads; the first error is thrown when all are through.
  private func forEachPiece(
    of rows: Range<Int>, rowsAtOnce: Int,
    _ body: @Sendable (_ rows: Range<Int>, _ worker: Int) throws(FileError) -> Void
  ) throws(FileError) {
    let failure = Mutex<FileError?>(nil)
    pass.run((rows.count + rowsAtOnce - 1) / rowsAtOnce) { piece, worker in
      let first = rows.lowerBound + piece * rowsAtOnce
      do throws(FileError) {
        try body(first..<min(rows.upperBound, first + rowsAtOnce), worker)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
