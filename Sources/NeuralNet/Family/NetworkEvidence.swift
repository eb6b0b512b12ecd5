import Files

/// What a file tells of the network in it: names and shapes of its tensors, and what it says itself where these cannot.
package struct NetworkEvidence: Sendable {
  /// The file, for errors.
  let path: String?
  /// The shape of the tensor of that name; nil: there is none.
  let shapes: @Sendable (String) -> [Int]?
  /// The normalisation that the file says it has.
  let statedNormalization: NormalizationKind?
  /// Whether the file says that activations were dropped.
  package let statedDropout: Bool?

  /// The evidence in the file at `path`.
  package init(
    path: String?, statedNormalization: NormalizationKind?, statedDropout: Bool?,
    shapes: @escaping @Sendable (String) -> [Int]?
  ) {
    self.path = path
    self.shapes = shapes
    self.statedNormalization = statedNormalization
    self.statedDropout = statedDropout
  }

  /// Whether there is a tensor of that name.
  package func has(_ name: String) -> Bool { shapes(name) != nil }

  /// How many there are of tensors that are numbered on from `first`, at most `limit`.
  package func count(from first: Int, limit: Int = .max, _ name: (Int) -> String) -> Int {
    var count = 0
    while count < limit, has(name(first + count)) { count += 1 }
    return count
  }

  /// The shape of a convolution's weight: four lengths.
  package func convolution(_ name: String) throws(FileError) -> [Int] {
    guard let shape = shapes(name) else { throw missing(name) }
    guard shape.count == 4 else {
      throw failure("tensor '\(name)' has shape \(shape), expected the four lengths of a convolution")
    }
    return shape
  }

  /// Filters and input channels, from the weight of the first convolution.
  package func firstConvolution(_ name: String, kernel: Int) throws(FileError) -> (filters: Int, channels: Int) {
    let shape = try convolution(name)
    guard shape[2...] == [kernel, kernel], shape.prefix(2).allSatisfy(ChannelLimit.channels.contains) else {
      throw failure("tensor '\(name)' has shape \(shape), expected [filters, channels, \(kernel), \(kernel)]")
    }
    return (shape[0], shape[1])
  }

  /// The normalisation of hidden layers: batch where there is the norm `norm`, else one without parameters.
  ///
  /// Instance norm and none have the same tensors; without a word of the file it is instance norm.
  package func normalization(norm: String, bias: String) throws(FileError) -> NormalizationKind {
    if has(norm + ".weight") || has(RunningStatistics.meanName(norm)) { return .batch }
    guard has(bias) else {
      throw failure(
        "has neither a norm '\(norm).weight' (batch) nor a bias '\(bias)' (instance or none)",
        "networks without norms and biases are not supported")
    }
    return statedNormalization == NormalizationKind.none ? .none : .instance
  }

  /// A tensor is missing that such a network has.
  package func missing(_ name: String, of architecture: String? = nil) -> FileError {
    failure("has no tensor '\(name)', expected in " + (architecture ?? "such a network"))
  }

  /// Something is wrong with the tensors.
  package func failure(
    _ problem: String, _ advice: Phrase? = "is the file complete, and of such a network?"
  ) -> FileError {
    FileError(path: path, problem: problem, advice: advice)
  }
}
