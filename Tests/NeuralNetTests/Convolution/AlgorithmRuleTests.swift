import Testing

@testable import NeuralNet

/// What the rule picks: a table in docs/performance.md.
@Suite struct AlgorithmRuleTests {
  private static func tiles(
    _ geometry: ConvolutionGeometry, _ inputs: Int, _ outputs: Int, at extent: Int, images: Int = 1,
    hasReadyWeights: Bool = false, rule: AlgorithmRule = AlgorithmRule(memoryCost: 1)
  ) throws -> Int? {
    let packing = PackedWeights(
      inputChannels: inputs, outputChannels: outputs, taps: geometry.taps, isTransposed: geometry.isTransposed)
    let output = try #require(geometry.outputExtent(extent))
    return TransformChoice(
      rule, geometry, packing, input: Shape(images, inputs, extent, extent),
      output: Shape(images, outputs, output, output), .forward, hasReadyWeights: hasReadyWeights
    )?.grid.rows.outputsPerTile
  }

  private static let residual = ConvolutionGeometry.convolution(kernel: 3, padding: 1, paddingMode: .reflection)
  private static let up = ConvolutionGeometry.transposed(kernel: 4, stride: 2, padding: 1)

  @Test func trainingLayers() throws {
    #expect(try Self.tiles(Self.residual, 256, 256, at: 64) == 4)
    #expect(try Self.tiles(.convolution(kernel: 4, padding: 1), 256, 512, at: 32) == 4)
    #expect(try Self.tiles(Self.up, 256, 64, at: 64) == 5)
    #expect(try Self.tiles(Self.up, 512, 128, at: 32) == 3)
    #expect(try Self.tiles(.convolution(kernel: 3, stride: 2, padding: 1), 128, 256, at: 128) == nil)
  }

  /// Where products are slower, transforms pay earlier; where batches are large, the phases of a transposed convolution have
  /// windows of their own, whose tiles fit an even picture.
  @Test func slowerProducts() throws {
    let slow = AlgorithmRule(memoryCost: 0.4)
    #expect(try Self.tiles(Self.up, 256, 128, at: 8, images: 16) == nil)
    #expect(try Self.tiles(Self.up, 256, 128, at: 8, images: 16, rule: slow) == 4)
    #expect(try Self.tiles(Self.up, 1024, 512, at: 2, rule: slow) == nil)
  }

  /// Five outputs of three taps where weights are ready and there are many channels, but never of a stride with phases of
  /// different lengths.
  @Test(arguments: [1, 0.4]) func readyWeights(memoryCost: Double) throws {
    let rule = AlgorithmRule(memoryCost: memoryCost)
    #expect(try Self.tiles(Self.residual, 256, 256, at: 64, hasReadyWeights: true, rule: rule) == 5)
    #expect(try Self.tiles(Self.residual, 128, 128, at: 64, hasReadyWeights: true, rule: rule) == 5)
    #expect(try Self.tiles(Self.residual, 256, 256, at: 64, rule: rule) == 4, "training")
    #expect(try Self.tiles(Self.residual, 64, 64, at: 64, hasReadyWeights: true, rule: rule) == 4)
    let down = ConvolutionGeometry.convolution(kernel: 3, stride: 2, padding: 1)
    let outputs = try Self.tiles(down, 128, 256, at: 128, hasReadyWeights: true, rule: AlgorithmRule(memoryCost: 0.4))
    #expect(outputs == 4)
  }

  /// With ready weights the choice is that of a single image, so that a picture's bytes do not depend on its batch.
  @Test func batchesDoNotMatter() throws {
    for (channels, extent) in [(256, 64), (64, 16), (512, 8), (128, 24)] {
      let single = try Self.tiles(Self.residual, channels, channels, at: extent, hasReadyWeights: true)
      for images in 2...6 {
        #expect(
          try Self.tiles(Self.residual, channels, channels, at: extent, images: images, hasReadyWeights: true) == single
        )
      }
    }
  }

  @Test func whatTransformsCannotDo() throws {
    let always = AlgorithmRule(.tiles(4), memoryCost: 1)
    #expect(try Self.tiles(Self.residual, 256, 256, at: 64, rule: AlgorithmRule(.direct, memoryCost: 1)) == nil)
    #expect(try Self.tiles(Self.residual, 24, 64, at: 64, rule: always) == nil, "no whole vectors")
    #expect(try Self.tiles(Self.residual, 64, 8, at: 64, rule: always) == nil, "outputs are not the columns")
    #expect(try Self.tiles(.convolution(kernel: 1), 64, 64, at: 64, rule: always) == nil, "one tap")
    #expect(
      try Self.tiles(.convolution(kernel: 7, padding: 3), 64, 64, at: 64, rule: always) == nil, "too many taps")
    #expect(try Self.tiles(Self.residual, 64, 64, at: 8, rule: always) == 4)
  }
}
