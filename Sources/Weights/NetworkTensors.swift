import Files
import NeuralNet

/// A network's learned numbers as named tensors in files, in PyTorch's order of axes.
package enum NetworkTensors {
  /// Parameters and running statistics, each name behind `prefix`.
  package static func tensors(of network: Network, prefix: String = "") -> [SafetensorsWriter.Tensor] {
    let store = network.parameters
    return packed(store, prefix: prefix, memory: store.base) + tensors(of: store.runningStatistics, prefix: prefix)
  }

  /// Running statistics, each name behind `prefix`.
  package static func tensors(
    of runningStatistics: [RunningStatistics], prefix: String
  ) -> [SafetensorsWriter.Tensor] {
    var tensors: [SafetensorsWriter.Tensor] = []
    for statistics in runningStatistics {
      let path = prefix + statistics.name
      let channels = [statistics.mean.count]
      tensors.append(.init(name: RunningStatistics.meanName(path), shape: channels, floats: statistics.mean))
      tensors.append(.init(name: RunningStatistics.varianceName(path), shape: channels, floats: statistics.variance))
      tensors.append(.init(name: RunningStatistics.batchesName(path), shape: [], integers: [statistics.batches]))
    }
    return tensors
  }

  /// One tensor for each parameter, from `memory`, which is packed like the parameters; read when it is written.
  package static func packed(
    _ store: ParameterStore, prefix: String, memory: UnsafePointer<Float>
  ) -> [SafetensorsWriter.Tensor] {
    store.parameters.map { parameter in
      SafetensorsWriter.Tensor(name: prefix + parameter.name, type: .float32, shape: parameter.shape) { sink in
        try store.fileOrder(parameter, from: memory).withUnsafeBytes { try sink.write($0) }
      }
    }
  }

  /// Fills `memory`, packed like the parameters, from tensors whose names stand behind `prefix`.
  ///
  /// - Throws: `FileError` naming the tensor that is missing or has another shape
  package static func load(
    _ store: ParameterStore, prefix: String, from file: WeightsFile, into memory: UnsafeMutablePointer<Float>
  ) throws {
    for parameter in store.parameters {
      let numbers = try floats(prefix + parameter.name, parameter.shape, file)
      numbers.withUnsafeBufferPointer { store.setFileOrder(parameter, $0, in: memory) }
    }
  }

  /// Sets parameters and running statistics from tensors whose names stand behind `prefix`.
  ///
  /// A missing `num_batches_tracked` counts as 0: old files have none.
  /// - Throws: `FileError` naming the tensor that is missing or has another shape
  package static func load(_ network: Network, prefix: String = "", from file: WeightsFile) throws {
    let store = network.parameters
    try load(store, prefix: prefix, from: file, into: store.valuesToChange())
    try load(&store.runningStatistics, prefix: prefix, from: file)
  }

  /// Sets running statistics from tensors whose names stand behind `prefix`.
  ///
  /// - Throws: `FileError` as `load(_:prefix:from:)`
  package static func load(
    _ runningStatistics: inout [RunningStatistics], prefix: String, from file: WeightsFile
  ) throws {
    for index in runningStatistics.indices {
      let path = prefix + runningStatistics[index].name
      let shape = [runningStatistics[index].mean.count]
      runningStatistics[index].mean = try floats(RunningStatistics.meanName(path), shape, file)
      runningStatistics[index].variance = try floats(RunningStatistics.varianceName(path), shape, file)
      let counter = RunningStatistics.batchesName(path)
      let batches = file[counter] == nil ? 0 : try file.int64s(counter).first ?? 0
      // Training counts on from here.
      guard (0..<1 << 48).contains(batches) else {
        throw FileError(
          path: file.path, problem: "tensor \(FileError.quote(counter)) counts \(batches) batches",
          advice: "is it damaged?")
      }
      runningStatistics[index].batches = batches
    }
  }

  private static func floats(_ name: String, _ shape: [Int], _ file: WeightsFile) throws -> [Float] {
    guard let tensor = file[name] else {
      throw FileError(
        path: file.path, problem: "has no tensor \(FileError.quote(name))", advice: "is the file complete?")
    }
    guard tensor.shape == shape else {
      throw FileError(
        path: file.path,
        problem: "tensor \(FileError.quote(name)) has the shape \(tensor.shape), expected \(shape)",
        advice: "is it of another network?")
    }
    return try file.floats(name)
  }
}
