import Testing
@testable import NeuralNet

/// Transformed products in blocks that one thread takes through all steps.
@Suite struct TileBlocksTests {
  private static func blocks(
    _ geometry: ConvolutionGeometry, _ inputs: Int, _ outputs: Int, _ extents: (Int, Int), images: Int = 1
  ) throws -> TileBlocks? {
    let input = Shape(images, inputs, extents.0, extents.1)
    let output = Shape(
      images, outputs, try #require(geometry.outputExtent(extents.0)), try #require(geometry.outputExtent(extents.1)))
    let packing = PackedWeights(
      inputChannels: inputs, outputChannels: outputs, taps: geometry.taps, isTransposed: geometry.isTransposed)
    return TransformChoice(
      AlgorithmRule(.tiles(4), memoryCost: 0.4), geometry, packing, input: input, output: output,
      .forward, hasReadyWeights: true)?.memory(at: 0).blocks
  }

  private static let three = ConvolutionGeometry.convolution(kernel: 3, padding: 1)

  @Test func sizes() throws {
    let wide = try #require(try Self.blocks(Self.three, 64, 64, (128, 128)))
    #expect(wide.tiles == 16 && wide.blocksPerPiece == 2 && wide.bandsPerPiece == 1)
    #expect((wide.groups.sixes, wide.groups.fours) == (2, 1), "nothing is computed in vain")
    let narrow = try #require(try Self.blocks(Self.three, 16, 16, (400, 12)))
    #expect(narrow.blocksPerPiece == 1 && narrow.bandsPerPiece > 1)
    #expect(narrow.tiles == 3 * narrow.bandsPerPiece && narrow.groups.computed >= narrow.tiles)
    let room = narrow.groups.computed * (narrow.inputStride + narrow.outputStride)
    #expect(room <= Processor.blockFloats)
    #expect(try Self.blocks(Self.three, 256, 256, (64, 64)) == nil, "too much to read again")
    #expect(try Self.blocks(Self.three, 64, 64, (16, 16)) == nil, "too few tiles for several threads")
  }

  /// The sixes and fours of a part lie within those of the whole, and hold it.
  @Test(arguments: [1, 4, 5, 6, 7, 10, 13, 17, 169, 256])
  func groups(tiles: Int) {
    let whole = TileGroups(tiles)
    #expect(tiles...tiles + 3 ~= whole.computed && whole.computed <= TileGroups(tiles, hasFours: false).computed)
    #expect(whole.places.map(\.count).reduce(0, +) == whole.computed)
    for part in 1...tiles {
      let first = whole.first(part)
      #expect(first.sixes <= whole.sixes && first.fours <= whole.fours && first.computed >= part, "\(part)")
      #expect(first.fours == 0 || first.sixes == whole.sixes, "fours lie behind all sixes")
    }
  }

  /// Against the definition: blocks of a part of a row and of several rows, a last block that is not full, several phases on
  /// either side, several panels.
  @Test(
    arguments: ConvolutionKernelTests.geometries.filter { $0.geometry.kernel == 3 || $0.geometry.kernel == 4 },
    KernelTable.available.map(\.name))
  func products(_ layer: ConvolutionKernelTests.Case, kernels: String) throws {
    var random = RandomGenerator(seed: 51)
    let extents = layer.geometry.isTransposed ? (37, 21) : (70, 44)
    let (channels, images) = ((16, 80), 4)
    #expect(try Self.blocks(layer.geometry, channels.0, channels.1, extents, images: images) != nil)
    let check = try ConvolutionKernelTests.Check(
      layer, kernels, channels, images: images, .tiles(4), &random, extents: extents)
    try check.run(tolerance: 1e-5)
  }

  /// Chunks whose tiles are not a multiple of six: of fewer and of more rows than a pass has, one unit and several, which then
  /// have no fours, and five outputs.
  @Test(
    arguments: ConvolutionKernelTests.geometries.filter { ["3×3", "4×4 stride 2"].contains($0.name) },
    KernelTable.available.map(\.name))
  func chunks(_ layer: ConvolutionKernelTests.Case, kernels: String) throws {
    var random = RandomGenerator(seed: 52)
    for inputs in [48, 272] {
      let (channels, extents) = ((inputs, 16), (20, 20))
      #expect(try Self.blocks(layer.geometry, channels.0, channels.1, extents) == nil)
      for outputs in 4...5 {
        let check = try ConvolutionKernelTests.Check(
          layer, kernels, channels, images: 1, .tiles(outputs), &random, extents: extents)
        try check.run(tolerance: 1e-5)
      }
    }
  }
}
