extension GradientPenalty {
  /// One layer of the chain, laid out.
  struct Layer {
    /// Offsets of the weights and the bias in the parameter store.
    var weight: Int
    var bias: Int?
    /// The slope of its rectifier below 0.
    var slope: Float
    /// Its output at x: (N, output channels, h, w).
    var output: PlannedTensor
    /// The gradient of Σ D(x) by that output, then by the sum before the rectifier.
    var gradient: PlannedTensor
    var forward: ProductPlan
    var backward: ProductPlan
    /// Multiplies the second pass's input of this layer with `gradient`.
    var weightGradient: WeightGradientPlan
    /// The second pass; nil for the last layer, whose output nobody reads.
    var tangent: (product: ProductPlan, output: PlannedTensor)?
  }

  /// Where the tensors of the three passes lie, and the tables of their products.
  struct Plan {
    let layers: [Layer]
    let input: PlannedTensor
    let inputGradient: PlannedTensor
    let outputGradient: PlannedTensor
    let floats: Int

    /// Lays out the passes for `shape`, (N, input channels, H, W).
    ///
    /// - Throws: `FileError` where the network is no chain of convolutions and rectifiers, or does not fit the shape
    init(_ network: Network, _ shape: Shape) throws {
      try Self.requireChain(network)
      let shapes = try Self.shapes(network, shape)
      let count = network.topology.blocks.count
      var places = ArenaPlan()
      // Time: layer i runs forward at i, back at end − i, and once more forward at end + 1 + i.
      let end = 2 * count
      func reserve(_ index: Int, from first: Int, through last: Int) -> Int {
        places.reserve(shapes[index].count, from: first, through: last)
      }
      let values = (0...count).map { reserve($0, from: max(0, $0 - 1), through: $0 == 0 ? 0 : end + $0) }
      let gradients = (0...count).map { reserve($0, from: end - $0, through: end + max(1, $0)) }
      let tangents = (1..<max(1, count)).map { reserve($0, from: end + $0, through: end + $0 + 1) }
      floats = places.place(after: Arena.zeroCount)
      try Arena.requireAddressable(floats)

      func tensor(_ index: Int, _ reservation: Int) -> PlannedTensor {
        PlannedTensor(
          shape: shapes[index], offset: places.reservations[reservation].offset, stride: shapes[index].c)
      }
      input = tensor(0, values[0])
      inputGradient = tensor(0, gradients[0])
      outputGradient = tensor(count, gradients[count])
      layers = network.topology.blocks.enumerated().map { index, block in
        let gradient = tensor(index + 1, gradients[index + 1])
        let tangentInput = index == 0 ? tensor(0, gradients[0]) : tensor(index, tangents[index - 1])
        let tangentOutput = index + 1 < count ? tensor(index + 1, tangents[index]) : nil
        let products = Products(block, shape.n)
        let output = tensor(index + 1, values[index + 1])
        return Layer(
          weight: network.parameters.parameters[block.weight].offset,
          bias: block.bias.map { network.parameters.parameters[$0].offset }, slope: Self.slope(block) ?? 1,
          output: output, gradient: gradient,
          forward: products.forward(from: tensor(index, values[index]), to: output),
          backward: products.backward(from: gradient, to: tensor(index, gradients[index])),
          weightGradient: WeightGradientPlan(
            block.geometry, block.packing, input: tangentInput, gradient: gradient,
            sources: LargeGrid(block.geometry, input: tangentInput.shape)),
          tangent: tangentOutput.map { (products.forward(from: tangentInput, to: $0), $0) })
      }
    }

    private static func requireChain(_ network: Network) throws {
      guard !network.isNormalized else {
        throw FileError(
          path: nil, problem: "the gradient penalty needs a discriminator without normalisation",
          advice: "train wgangp with norm none, or choose another GAN mode")
      }
      var last = network.topology.input
      for block in network.topology.blocks {
        guard
          block.input == last, block.residual == nil, block.second == nil, !block.hasDropout, slope(block) != nil,
          !block.geometry.isTransposed, block.geometry.readsInputDirectly
        else {
          throw FileError(
            path: nil,
            problem:
              "the gradient penalty needs a plain chain of convolutions and rectifiers (not so at \(block.name))",
            advice: "choose a PatchGAN or pixel discriminator")
        }
        last = block.first.value
      }
    }

    private static func slope(_ block: Block) -> Float? {
      guard case .rectifier(let slope) = block.first.activation else { return nil }
      return slope
    }

    /// The shapes of the input and of each layer's output.
    private static func shapes(_ network: Network, _ input: Shape) throws -> [Shape] {
      try Arena.requireAddressable(input)
      var shapes = [input]
      var last = input
      for block in network.topology.blocks {
        guard let h = block.geometry.outputExtent(last.h), let w = block.geometry.outputExtent(last.w) else {
          throw FileError(
            path: nil,
            problem: "an image of \(input.w)×\(input.h) pixels is too small for this network (at \(block.name))",
            advice: "use a larger image or crop, or a network with fewer layers")
        }
        last = Shape(input.n, block.outputChannels, h, w)
        try Arena.requireAddressable(last)
        shapes.append(last)
      }
      return shapes
    }
  }

  /// The products of one convolution.
  private struct Products {
    let block: Block
    let images: Int

    init(_ block: Block, _ images: Int) {
      self.block = block
      self.images = images
    }

    func forward(from input: PlannedTensor, to output: PlannedTensor) -> ProductPlan {
      ProductPlan(
        block.geometry, block.packing, writing: .output, .toSmall, from: input, to: output,
        sources: LargeGrid(block.geometry, input: input.shape), zeroRow: 0, imagesPerGroup: images,
        accumulates: false)
    }

    func backward(from gradient: PlannedTensor, to target: PlannedTensor) -> ProductPlan {
      ProductPlan(
        block.geometry, block.packing, writing: .input, .toLarge, from: gradient, to: target,
        sources: LargeGrid(height: gradient.shape.h, width: gradient.shape.w), zeroRow: 0, imagesPerGroup: images,
        accumulates: false)
    }
  }
}
