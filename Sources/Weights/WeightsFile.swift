import Files
import Foundation

/// Named tensors in a file of any form that networks come in: `.safetensors`, or `.pth` in its zip and legacy forms.
///
/// Which form it is, its first bytes say. Prefixes that wrappers of PyTorch put before names (`module.`,
/// `_orig_mod.`) are gone, and so are the statistics that old files hold for instance norms, which do not use them.
package struct WeightsFile: Sendable {
  /// How a file stores its tensors.
  package enum Form: String, Sendable {
    /// The safetensors format.
    case safetensors
    /// `torch.save` since PyTorch 1.6: a zip archive.
    case zip = "pth (zip)"
    /// `torch.save` before.
    case legacy = "pth (legacy)"
  }

  /// One tensor of the file.
  package struct Tensor: Sendable, Equatable {
    /// Its PyTorch name, without prefixes of wrappers.
    package let name: String
    /// How its numbers are stored.
    package let type: ElementType
    /// Row-major lengths; convolution weights are (out, in, kh, kw), transposed ones (in, out, kh, kw).
    package let shape: [Int]
  }

  /// The file as the user named it.
  package let path: String?
  /// How it stores its tensors.
  package let form: Form
  /// The tensors in the order of the file.
  package let tensors: [Tensor]
  /// What the file says about itself; empty in files of others.
  package let metadata: [String: String]

  private enum Content: Sendable {
    case safetensors(SafetensorsFile)
    case pyTorch(PyTorchFile)
  }
  private let content: Content
  /// For each tensor its place among `tensors` and its place in `content`.
  private let places: [String: (tensor: Int, content: Int)]

  /// Opens the file at `path` and checks it; the tensors themselves are read when they are asked for.
  ///
  /// - Parameters:
  ///   - path: The file; its name does not matter.
  ///   - part: In a `.pth` of nested dictionaries, the state dict that is meant, keys joined by dots; where there is
  ///     just one it need not be named.
  ///   - headerLimit: The longest header of a `.safetensors` that is accepted, in bytes.
  /// - Throws: `FileError` where the file cannot be read, is damaged, or is something else.
  package static func open(
    _ path: String, part: String? = nil, headerLimit: Int = SafetensorsFile.defaultHeaderLimit
  ) throws -> WeightsFile {
    try WeightsFile(ByteSource(path: path), part: part, headerLimit: headerLimit)
  }

  /// Reads a file from `source`; see ``open(_:part:headerLimit:)``.
  package init(
    _ source: ByteSource, part: String? = nil, headerLimit: Int = SafetensorsFile.defaultHeaderLimit
  ) throws {
    path = source.path
    var found: [Tensor]
    switch try FileKind(source) {
    case .zip:
      let file = try PyTorchFile(zip: source, part: part)
      (form, content, metadata) = (.zip, .pyTorch(file), file.metadata)
      found = file.tensors.map(Tensor.init)
    case .pickle:
      let file = try PyTorchFile(legacy: source, part: part)
      (form, content, metadata) = (.legacy, .pyTorch(file), [:])
      found = file.tensors.map(Tensor.init)
    case .safetensors:
      let file = try SafetensorsFile(source, headerLimit: headerLimit)
      (form, content, metadata) = (.safetensors, .safetensors(file), file.metadata)
      found = file.tensors.map { Tensor(name: $0.name.withoutWrappers, type: $0.type, shape: $0.shape) }
    }

    let names = Set(found.map(\.name))
    let statistics = ["running_mean", "running_var", "num_batches_tracked"]
    var places: [String: (tensor: Int, content: Int)] = [:]
    var kept: [Tensor] = []
    for (index, tensor) in found.enumerated() {
      if let dot = tensor.name.lastIndex(of: "."), statistics.contains(String(tensor.name[dot...].dropFirst())),
        !names.contains(tensor.name[..<dot] + ".weight"), names.contains(tensor.name[..<dot] + ".running_mean")
      {
        continue
      }
      guard places.updateValue((kept.count, index), forKey: tensor.name) == nil else {
        throw FileError(
          path: path, problem: "holds two tensors named \(FileError.quote(tensor.name)) once prefixes are removed")
      }
      kept.append(tensor)
    }
    tensors = kept
    self.places = places
  }

  /// The names of the state dicts in the file at `path`: several in a nested `.pth`, otherwise just the empty name.
  ///
  /// - Throws: `FileError` as ``open(_:part:headerLimit:)`` does.
  package static func parts(of path: String) throws -> [String] {
    let source = try ByteSource(path: path)
    switch try FileKind(source) {
    case .zip: return try PyTorchFile.parts(zip: source)
    case .pickle: return try PyTorchFile.parts(legacy: source)
    case .safetensors: return [""]
    }
  }

  /// What the metadata of a training's checkpoint say under `kind`.
  package static let checkpointKind = "training checkpoint"

  /// Whether it is the checkpoint of a training, which holds all of its networks and more.
  package var isCheckpoint: Bool { metadata["kind"] == Self.checkpointKind }

  /// Refuses a checkpoint where one network is asked for.
  ///
  /// - Throws: `FileError` that points to the run folder
  package func requireNoCheckpoint() throws(FileError) {
    guard isCheckpoint else { return }
    let folder = path.map { ($0 as NSString).deletingLastPathComponent } ?? ""
    throw FileError(
      path: path, problem: "is the checkpoint of a training, which only resuming reads",
      advice: "give the run folder, \(folder.isEmpty ? "." : folder), for its generator")
  }

  /// The tensors whose names begin with `prefix`, without it, and none of the metadata: a network in a checkpoint.
  package func tensors(behind prefix: String) -> WeightsFile { WeightsFile(self, prefix: prefix) }

  private init(_ whole: WeightsFile, prefix: String) {
    (path, form, content, metadata) = (whole.path, whole.form, whole.content, [:])
    var kept: [Tensor] = []
    var places: [String: (tensor: Int, content: Int)] = [:]
    for tensor in whole.tensors where tensor.name.hasPrefix(prefix) {
      let name = String(tensor.name.dropFirst(prefix.count))
      places[name] = whole.places[tensor.name].map { (kept.count, $0.content) }
      kept.append(Tensor(name: name, type: tensor.type, shape: tensor.shape))
    }
    (tensors, self.places) = (kept, places)
  }

  /// The tensor called `name`, or nil.
  package subscript(name: String) -> Tensor? { places[name].map { tensors[$0.tensor] } }

  /// The numbers of a floating-point tensor, row-major; half precisions widen exactly, F64 is rounded.
  ///
  /// - Throws: `FileError` where there is no such tensor, it is of another type, or its bytes are damaged.
  package func floats(_ name: String) throws -> [Float] {
    let (tensor, _) = try find(name)
    if case .safetensors(let file) = content { return try file.floats(originalName(name, in: file)) }
    guard tensor.type.isFloatingPoint else {
      throw error("tensor \(FileError.quote(name)) holds \(tensor.type.rawValue), expected floating-point numbers")
    }
    return try withBytes(of: name) { tensor.type.floats($0) }
  }

  /// The numbers of an I64 tensor, row-major; or of a floating-point one of whole numbers, which `.half()` on a state
  /// dict makes of them.
  ///
  /// - Throws: `FileError` where there is no such tensor, it holds anything else, or its bytes are damaged.
  package func int64s(_ name: String) throws -> [Int64] {
    let (tensor, _) = try find(name)
    if tensor.type.isFloatingPoint {
      return try floats(name).map { number in
        guard let integer = Int64(exactly: number) else {
          throw error("tensor \(FileError.quote(name)) holds \(number), expected a whole number")
        }
        return integer
      }
    }
    guard tensor.type == .int64 else {
      throw error("tensor \(FileError.quote(name)) holds \(tensor.type.rawValue), expected I64")
    }
    return try withBytes(of: name) { bytes in
      (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self) }
    }
  }

  /// Calls `body` with a tensor's elements in row-major order, stored as its type says, at any alignment.
  ///
  /// - Throws: `FileError` where there is no such tensor or its bytes are damaged, and what `body` throws.
  package func withBytes<Result>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let (_, index) = try find(name)
    switch content {
    case .safetensors(let file): return try file.withBytes(of: file.tensors[index].name, body)
    case .pyTorch(let file): return try file.withBytes(of: file.tensors[index], body)
    }
  }

  private func originalName(_ name: String, in file: SafetensorsFile) throws -> String {
    try file.tensors[find(name).content].name
  }

  private func find(_ name: String) throws -> (tensor: Tensor, content: Int) {
    guard let place = places[name] else { throw error("has no tensor \(FileError.quote(name))") }
    return (tensors[place.tensor], place.content)
  }

  private func error(_ problem: String) -> FileError { FileError(path: path, problem: problem) }
}

extension WeightsFile.Tensor {
  fileprivate init(_ tensor: PyTorchFile.Tensor) {
    self.init(name: tensor.name.withoutWrappers, type: tensor.view.storage.type, shape: tensor.view.shape)
  }
}

extension String {
  /// The name without what DataParallel and torch.compile put before it.
  fileprivate var withoutWrappers: String {
    var rest = self[...]
    while let prefix = ["module.", "_orig_mod."].first(where: rest.hasPrefix) { rest = rest.dropFirst(prefix.count) }
    return String(rest)
  }
}

/// What a file is, by its first bytes.
private enum FileKind {
  case safetensors, zip, pickle

  init(_ source: ByteSource) throws {
    func failure(_ problem: String, _ advice: Phrase) -> FileError {
      FileError(path: source.path, problem: problem, advice: advice)
    }
    let head = try source.bytes(in: 0..<min(source.count, 512))
    guard !head.isEmpty else { throw failure("is empty", "a .safetensors or .pth file was expected") }
    let hasName = source.path?.lowercased().hasSuffix(".safetensors") == true
    if head.starts(with: [0x50, 0x4B, 3, 4]) {
      self = .zip
    } else if head.starts(with: [0x50, 0x4B]), head.count > 2, [5, 6, 7, 8].contains(head[2]) {
      throw failure("is an empty or split zip archive", "a file of torch.save was expected")
    } else if head.count > 8, head[8] == UInt8(ascii: "{"), head[4..<8].allSatisfy({ $0 == 0 }) {
      // A header below 4 GB, before anything else: its length may begin with the bytes of a pickle.
      self = .safetensors
    } else if head[0] == 0x80, head.count > 1, head[1] < 0x20 {
      self = .pickle
    } else if head.count >= 262, head[257..<262].elementsEqual("ustar".utf8) {
      throw failure(
        "is a tar archive, as PyTorch before 0.1.10 wrote", "load it in PyTorch and save its state_dict() again")
    } else if source.path?.lowercased().hasSuffix(".onnx") == true {
      throw failure("is an ONNX file, which is only written here", "give the .safetensors or .pth that it came from")
    } else if hasName || head.count > 8 && head[8] == UInt8(ascii: "{") {
      self = .safetensors
    } else {
      throw failure("is neither a .safetensors nor a .pth file", "check that this is the file of a network")
    }
  }
}
