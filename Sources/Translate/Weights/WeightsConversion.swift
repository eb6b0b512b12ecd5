import Foundation
import NeuralNet

/// Copies weights from one form of file to another, byte-equal in the tensors.
public enum WeightsConversion {
  /// Writes the tensors of `source` to `destination`, whose extension tells the form: `.safetensors`, or `.pth` and
  /// `.pt` for PyTorch.
  ///
  /// A network that is recognised goes in the order of its layers and with metadata that say what it is; other
  /// tensors are copied as they are. No more than one tensor is in memory at a time.
  /// - Returns: The network, or nil where the tensors are those of none that is known here.
  /// - Throws: `FileError` where a file cannot be read or written, or the extension is another.
  @discardableResult
  public static func convert(_ source: WeightsFile, to destination: String) throws -> InferredNetwork? {
    let network = try ArchitectureInference.inferIfKnown(source)
    var metadata = source.metadata
    if let network {
      var description = try ModelMetadata(strings: source.metadata, path: source.path)
      let inferred = ModelMetadata(network)
      description.formatVersion = inferred.formatVersion
      description.architecture = inferred.architecture
      description.normalization = inferred.normalization
      (description.filters, description.inputChannels) = (inferred.filters, inferred.inputChannels)
      (description.outputChannels, description.dropout) = (inferred.outputChannels, inferred.dropout)
      description.upsampling = inferred.upsampling
      metadata = description.strings
    }
    let ordered = network?.layout.compactMap { source[$0.name] } ?? source.tensors
    let tensors = ordered.map { tensor in
      SafetensorsWriter.Tensor(name: tensor.name, type: tensor.type, shape: tensor.shape) { sink in
        try source.withBytes(of: tensor.name) { try sink.write($0) }
      }
    }
    switch (destination as NSString).pathExtension.lowercased() {
    case "safetensors": try SafetensorsWriter.write(tensors, metadata: metadata, to: destination)
    case "pth", "pt": try PyTorchWriter.write(tensors, metadata: metadata, to: destination)
    default:
      throw FileError(
        path: destination, problem: "has an extension that names no form of weights",
        advice: "end it in .safetensors or .pth")
    }
    return network
  }
}
