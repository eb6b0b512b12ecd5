import Files
import KernelArguments

/// A network that runs over one image in bands (`BandedPlan`).
package final class BandedExecution {
  private let network: Network
  private let plan: BandedPlan
  private let processor: Processor
  private let file: ScratchFile
  private let bands: [(bands: [BandedConvolution.Band], memory: BandedConvolution.Memory)]
  private let arena: AlignedMemory
  private let ready: AlignedMemory?
  private let staging: AlignedMemory

  /// - Parameters:
  ///   - network: what is run
  ///   - plan: of the same network
  ///   - room: bytes of memory that it may take
  ///   - isLimited: whether somebody has said so
  ///   - folder: where the scratch file lies
  /// - Throws: `FileError` where there is no such memory, or no room for the scratch file
  package init(
    _ network: Network, _ plan: BandedPlan, processor: Processor, room: Int, isLimited: Bool = true,
    scratch folder: String
  ) throws {
    try SystemMemory.require(plan.leastBytes, for: .activations)
    guard plan.leastBytes <= room else {
      guard isLimited else { throw SystemMemory.shortage(plan.leastBytes, for: .activations) }
      throw FileError(
        path: nil,
        problem: "needs \(SystemMemory.text(plan.leastBytes)) of memory for activations, even with a scratch file, "
          + "but may take only \(SystemMemory.text(max(0, room)))",
        advice: "allow more \(setting: "memory"), or use fewer \(setting: "threads")")
    }
    (self.network, self.plan, self.processor) = (network, plan, processor)
    bands = plan.bands(within: room)
    let floats = bands.map(\.memory.end).max() ?? 0
    guard floats < Int(Int32.max) else {
      throw FileError(
        path: nil, problem: "has rows too long for one band", advice: "translate its parts one by one")
    }
    file = try ScratchFile(in: folder, bytes: plan.scratchBytes)
    arena = try AlignedMemory(count: floats, for: .activations)
    ready = plan.readyFloats > 0 ? try AlignedMemory(count: plan.readyFloats, for: .transformedWeights) : nil
    staging = try AlignedMemory(count: processor.pool.threads * plan.stagingFloats, for: .activations)
  }

  /// Runs the network.
  ///
  /// - Parameters:
  ///   - dropoutKey: what dropout masks are drawn from
  ///   - input: writes rows of the image, (rows, W, C) one after the other; asked for some of them more than once
  ///   - output: takes rows of the output, from the first to the last
  ///   - beforeBand: called before each band with the part that is done, from 0 to 1; what it throws ends the run
  /// - Throws: `FileError` where the scratch file fails, and what the closures throw
  package func forward(
    dropoutKey: UInt64 = 0, input: (Range<Int>, MutableTensorView<Float>) throws -> Void,
    output: (Range<Int>, TensorView<Float>) throws -> Void, beforeBand: (Double) throws -> Void = { _ in }
  ) throws {
    let pass = Pass(
      plan: ExecutionPlan(steps: [], inputs: [], outputs: [], zeroFloats: plan.zeroFloats, bytes: 0, readyWeights: []),
      arena: arena.base, parameters: network.parameters, ready: [], processor: processor, mode: plan.mode,
      dropoutKey: dropoutKey)
    let normalizations = normalizations
    var values = BandedValues(plan, normalizations, in: file, pass, staging: staging.base)
    // The output is read from the file and handed out at the end: a little more.
    let parts = network.progress(plan.shape, at: plan.convolutions.map(\.operation)).map { Self.computing * $0 }
    for (place, (convolution, (bands, memory))) in zip(plan.convolutions, bands).enumerated() {
      let end = place + 1 < parts.count ? parts[place + 1] : Self.computing
      let normalization = normalizations[convolution.index]
      if convolution.statistics == .running { normalization?.useRunningStatistics(pass) }
      let source = convolution.operation.input
      var known: (band: BandedConvolution.Band, product: ConvolutionProduct)?
      for (number, band) in bands.enumerated() {
        try beforeBand(parts[place] + (end - parts[place]) * Double(number) / Double(bands.count))
        let tensor = MutableTensorView(
          shape: Shape(1, source.channels, band.inputRows.count, convolution.layout.input.w),
          base: arena.base + memory.input, stride: source.channels)
        if source == plan.graph.inputs[0] {
          try input(band.inputRows, tensor)
        } else {
          try values.read(source, band.inputRows, to: tensor.base)
          if number + 1 < bands.count { values.expectReading(source, bands[number + 1].inputRows) }
        }
        let product: ConvolutionProduct
        if let known, convolution.isAlike(known.band, band) {
          product = known.product
        } else {
          // The old tables go first.
          known = nil
          product = convolution.product(band, memory)
          known = (band, product)
        }
        if number == 0, case .transformed(let transformed) = product, let ready {
          transformed.prepare(
            weights: pass.parameter(convolution.operation.weight), transformedWeights: ready.base, processor)
        }
        run(product, convolution, band, memory, normalization, pass)
        try values.write(convolution.index, band.rows, from: arena.base + memory.output)
      }
      if convolution.statistics == .data { normalization?.combineMoments(pass) }
    }
    try emit(&values, output, beforeBand)
  }

  /// The part of the time that convolutions take.
  private static let computing = 0.95

  /// Computes a band, and gathers the moments of its pieces.
  private func run(
    _ product: ConvolutionProduct, _ convolution: BandedConvolution, _ band: BandedConvolution.Band,
    _ memory: BandedConvolution.Memory, _ normalization: PlannedNormalization?, _ pass: Pass
  ) {
    convolution.thinSide(band, memory)?.fill(arena.base, processor.pool)
    let gathers = convolution.statistics == .data
    let first = band.pieces.lowerBound
    product.run(
      arena: arena.base, weights: pass.parameter(convolution.operation.weight),
      ready: ready.map { UnsafePointer($0.base) },
      bias: convolution.operation.bias.map { pass.parameter($0) }, processor
    ) { piece, pixels, channels in
      if gathers { normalization?.gatherMoments(pass, piece: first + piece, pixels: pixels, channels: channels) }
    }
  }

  /// Hands out the rows of the network's output.
  private func emit(
    _ values: inout BandedValues, _ output: (Range<Int>, TensorView<Float>) throws -> Void,
    _ beforeBand: (Double) throws -> Void
  ) throws {
    let value = plan.graph.outputs[0]
    guard let last = plan.convolutions.last(where: { $0.operation.makes.contains { $0.buffer == value.buffer } }) else {
      return
    }
    let (height, width) = (last.layout.output.h, last.layout.output.w)
    let start = plan.statistics.end
    let rows = max(1, min(256, (arena.count - start) / (width * value.channels)))
    for first in stride(from: 0, to: height, by: rows) {
      try beforeBand(Self.computing + (1 - Self.computing) * Double(first) / Double(height))
      let range = first..<min(height, first + rows)
      try values.read(value, range, to: arena.base + start)
      try output(
        range,
        TensorView(
          shape: Shape(1, value.channels, range.count, width), base: arena.base + start, stride: value.channels))
    }
  }

  /// Each convolution's normalisation: its statistics are those of the whole image, its raw numbers those of a band.
  private var normalizations: [PlannedNormalization?] {
    let places = plan.statistics
    return zip(plan.convolutions, bands).map { convolution, band in
      guard let parameters = convolution.operation.normalization, let statistics = convolution.statistics else {
        return nil
      }
      let width = convolution.layout.output.w
      return PlannedNormalization(
        parameters: parameters, statistics: statistics, raw: convolution.output(band.memory), imagesPerGroup: 1,
        pixelPieces: convolution.pieces.map { $0.lowerBound * width..<$0.upperBound * width },
        affinePlace: places.places[convolution.index], momentsPlace: places.moments, meansPlace: nil)
    }
  }
}
