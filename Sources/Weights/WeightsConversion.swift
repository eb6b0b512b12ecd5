import Files
import Foundation
import NeuralNet

/// A form of file that weights are written in.
package enum WeightsForm: Sendable, Equatable {
  /// `.safetensors`
  case safetensors
  /// `.pth` or `.pt`, in the zip form of PyTorch.
  case pyTorch
  /// `.onnx`: the generator with its arithmetic.
  case onnx

  /// The form that a file's extension names.
  ///
  /// - Throws: `FileError` where it names none.
  package init(extensionOf path: String) throws {
    switch (path as NSString).pathExtension.lowercased() {
    case "safetensors": self = .safetensors
    case "pth", "pt": self = .pyTorch
    case "onnx": self = .onnx
    default:
      throw FileError(
        path: path, problem: "has an extension that names no form of weights",
        advice: "end it in .safetensors, .pth or .onnx")
    }
  }
}

/// Copies weights from one form of file to another, byte-equal in the tensors unless another precision is asked for.
public enum WeightsConversion {
  /// Writes the weights that `source` means to `destination`, whose extension tells the form: `.safetensors`, `.pth` or,
  /// for a generator, `.onnx`.
  ///
  /// - Parameters:
  ///   - source: a run folder, a `.safetensors` or a `.pth`
  ///   - direction: which generator of an unpaired run
  ///   - part: the state dict in a nested `.pth`
  ///   - destination: the file to write, which is replaced if it is there and is not the source itself
  ///   - statistics: whose statistics batch norms use in ONNX; nil: as the metadata say, else those of the image
  ///   - precision: what floating-point numbers become; nil: they stay as they are, in ONNX they are single precision
  /// - Throws: `FileError` where a file cannot be read or written, the extension is another, or the form has no numbers of
  ///   this precision
  public static func convert(
    path source: String, direction: Direction? = nil, part: String? = nil, to destination: String,
    statistics: NormStatistics? = nil, precision: StoredPrecision? = nil
  ) throws {
    try convert(
      path: source, direction: direction, part: part, to: destination, statistics: statistics, precision: precision,
      headerLimit: SafetensorsFile.defaultHeaderLimit)
  }

  /// Writes the weights that `source` means to `destination`; see ``convert(_:to:statistics:precision:)``.
  ///
  /// - Parameters:
  ///   - source: a run folder, a `.safetensors` or a `.pth`
  ///   - direction: which generator of an unpaired run
  ///   - part: the state dict in a nested `.pth`
  ///   - weights: which weights of a run; nil: the latest
  ///   - destination: the file to write, which is replaced if it is there and is not the source itself
  ///   - statistics: whose statistics batch norms use in ONNX; nil: as the metadata say, else those of the image
  ///   - precision: what floating-point numbers become; nil: they stay as they are
  ///   - headerLimit: the longest header of a `.safetensors` that is accepted, in bytes
  /// - Returns: the network, or nil where the tensors are those of none that is known here
  /// - Throws: `FileError` where a file cannot be read or written, or the extension is another
  @discardableResult
  package static func convert(
    path source: String, direction: Direction? = nil, part: String? = nil, weights: RunWeights? = nil,
    to destination: String, statistics: NormStatistics? = nil, precision: StoredPrecision? = nil, headerLimit: Int
  ) throws -> (any NetworkConfiguration)? {
    _ = try WeightsForm(extensionOf: destination)
    let model = try ModelSource(source, direction: direction, part: part, weights: weights)
    return try convert(
      WeightsFile.open(model.file, part: model.part, headerLimit: headerLimit), to: destination,
      statistics: statistics, precision: precision)
  }

  /// Writes the tensors of `source` to `destination`, whose extension tells the form.
  ///
  /// A network that is recognised goes in the order of its layers and with metadata that say what it is; other
  /// tensors are copied as they are, but not to ONNX, which takes a generator. No more than one tensor is in memory at
  /// a time.
  /// - Returns: the network, or nil where the tensors are those of none that is known here
  /// - Throws: `FileError` where a file cannot be read or written, the extension is another, `destination` is the
  ///   file that `source` reads, or the form has no numbers of this precision
  @discardableResult
  package static func convert(
    _ source: WeightsFile, to destination: String, statistics: NormStatistics? = nil, precision: StoredPrecision? = nil
  ) throws -> (any NetworkConfiguration)? {
    let form = try WeightsForm(extensionOf: destination)
    guard form != .onnx || precision != .bfloat16 else {
      throw FileError(
        path: destination, problem: "is an .onnx, whose numbers are always single precision",
        advice: "write it without \(setting: "precision"), or a .safetensors or .pth with it")
    }
    // Its moments are no weights, and resuming reads nothing but single precision.
    if precision != nil { try source.requireNoCheckpoint() }
    try requirePlace(destination, apartFrom: source)
    if form == .onnx { return try ONNXExporter.write(source, to: destination, statistics: statistics) }
    let network = try ArchitectureInference.inferIfKnown(source)
    let metadata = try network.map { try ModelMetadata(of: source, holding: $0).strings } ?? source.metadata
    let ordered = try network?.declaration().tensors.compactMap { source[$0.name] } ?? source.tensors
    let tensors = ordered.map { tensor in
      let type = precision?.type(of: tensor) ?? tensor.type
      return SafetensorsWriter.Tensor(name: tensor.name, type: type, shape: tensor.shape) { sink in
        try source.withBytes(of: tensor.name) { try tensor.type.write($0, as: type, to: sink) }
      }
    }
    if form == .safetensors {
      try SafetensorsWriter.write(tensors, metadata: metadata, to: destination)
    } else {
      try PyTorchWriter.write(tensors, metadata: metadata, to: destination)
    }
    return network
  }

  private static func requirePlace(_ destination: String, apartFrom source: WeightsFile) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: destination, isDirectory: &isFolder) else { return }
    if isFolder.boolValue {
      throw FileError(path: destination, problem: "is a folder", advice: "name the file to write")
    }
    guard let path = source.path, let own = FileIdentity(path), own == FileIdentity(destination) else { return }
    throw FileError(path: destination, problem: "is the source itself", advice: "name another file")
  }
}

extension ModelMetadata {
  /// What `file` says about itself, and what was inferred about the network in it.
  init(of file: WeightsFile, holding network: any NetworkConfiguration) throws {
    self = try ModelMetadata(strings: file.metadata, path: file.path)
    let inferred = ModelMetadata(network)
    formatVersion = inferred.formatVersion
    architecture = inferred.architecture
    normalization = inferred.normalization
    (filters, inputChannels) = (inferred.filters, inferred.inputChannels)
    (outputChannels, dropout) = (inferred.outputChannels, inferred.dropout)
    (upsampling, scale) = (inferred.upsampling, inferred.scale)
  }
}
