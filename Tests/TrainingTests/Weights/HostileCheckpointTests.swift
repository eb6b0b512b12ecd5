import TestSupport
import Foundation
import Testing
@testable import Files
@testable import NeuralNet
@testable import Training
@testable import Weights

/// Checkpoints that are broken in one way each: resuming throws a sentence and never traps.
@Suite struct HostileCheckpointTests {
  private let folder: TemporaryFolder
  private let model: Pix2Pix
  private let good: WeightsFile

  init() throws {
    folder = try TemporaryFolder()
    model = try SmallModel.pix2pix { ($0.ngf, $0.ndf) = (1, 1) }
    model.networks[0].optimizer.steps = 7
    try Checkpoint.write(model.networks, extra: [], position: SmallModel.position, to: folder("good.safetensors"))
    good = try WeightsFile.open(folder("good.safetensors"))
  }

  /// Writes the good checkpoint with other metadata or tensors and reads that.
  private func read(
    metadata: (inout [String: String]) -> Void = { _ in },
    tensor: (SafetensorsWriter.Tensor) -> SafetensorsWriter.Tensor? = { $0 }
  ) throws -> TrainingPosition {
    var strings = good.metadata
    metadata(&strings)
    let tensors = good.tensors.map { tensor in
      SafetensorsWriter.Tensor(name: tensor.name, type: tensor.type, shape: tensor.shape) { sink in
        try good.withBytes(of: tensor.name) { try sink.write($0) }
      }
    }
    try SafetensorsWriter.write(tensors.compactMap(tensor), metadata: strings, to: folder("bad.safetensors"))
    return try Checkpoint.read(folder("bad.safetensors"), into: model.networks).0
  }

  private func problem(
    metadata: (inout [String: String]) -> Void = { _ in },
    tensor: (SafetensorsWriter.Tensor) -> SafetensorsWriter.Tensor? = { $0 }
  ) -> String? {
    let error = #expect(throws: FileError.self) { try read(metadata: metadata, tensor: tensor) }
    #expect(error?.path == folder("bad.safetensors"))
    return error?.problem
  }

  @Test func readsWhatWasWritten() throws {
    model.networks[0].optimizer.steps = 0
    #expect(try read() == SmallModel.position)
    #expect(model.networks[0].optimizer.steps == 7)
  }

  @Test func position() throws {
    let json = try #require(good.metadata["position"])
    let damaged = [
      "", "{", "[]", "null", "{}", "\u{0}", json + "x",
      json.replacingOccurrences(of: "\"step\":7", with: "\"step\":-1"),
      json.replacingOccurrences(of: "\"step\":7", with: "\"step\":\"7\""),
      json.replacingOccurrences(of: "\"step\":7", with: "\"step\":7.5"),
      json.replacingOccurrences(of: "\"step\":7", with: "\"step\":1e300"),
      json.replacingOccurrences(of: "\"step\":7", with: "\"step\":9223372036854775808"),
      json.replacingOccurrences(of: "[1,2,3,4]", with: "[1,2,3]"),
      json.replacingOccurrences(of: "[1,2,3,4]", with: "[1,2,3,4,5]"),
      json.replacingOccurrences(of: "[1,2,3,4]", with: "[1,2,3,-4]"),
      json.replacingOccurrences(of: "\"epochSteps\":0", with: "\"epochSteps\":-1"),
      json.replacingOccurrences(of: "\"schedule\":{", with: "\"schedule\":{\"policy\":\"none\"},\"x\":{"),
      String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
    ]
    for text in damaged {
      #expect(text != json, "the edit found nothing to replace")
      #expect(problem(metadata: { $0["position"] = text }) == "its position is damaged", "\(text.prefix(80))")
    }
    for key in ["position", "format_version"] {
      #expect(problem(metadata: { $0[key] = nil }) == "is no training checkpoint of this version")
    }
    #expect(problem(metadata: { $0["format_version"] = "2" }) == "is no training checkpoint of this version")
  }

  @Test func tensors() throws {
    for name in good.tensors.map(\.name) where !name.hasSuffix("num_batches_tracked") {
      #expect(problem(tensor: { $0.name == name ? nil : $0 }) == "has no tensor '\(name)'")
      guard !name.hasSuffix(".step") else { continue }
      let other = SafetensorsWriter.Tensor(name: name, shape: [1, 2], floats: [0, 0])
      #expect(
        problem(tensor: { $0.name == name ? other : $0 })?.hasPrefix("tensor '\(name)' has the shape [1, 2]") == true)
      let integers = SafetensorsWriter.Tensor(
        name: name, shape: good[name]?.shape ?? [],
        integers: [Int32](repeating: 0, count: good[name]?.shape.reduce(1, *) ?? 0))
      #expect(problem(tensor: { $0.name == name ? integers : $0 })?.contains("I32") == true)
    }
  }

  @Test func counts() {
    func step(_ tensor: SafetensorsWriter.Tensor) -> String? {
      problem(tensor: { $0.name == tensor.name ? tensor : $0 })
    }
    let name = "adam.G.step"
    #expect(step(.init(name: name, shape: [], integers: [Int64(-1)])) == "counts -1 steps of G")
    #expect(step(.init(name: name, shape: [], integers: [Int64.max])) == "counts \(Int64.max) steps of G")
    #expect(step(.init(name: name, shape: [], integers: [Int32(1)])) == "tensor 'adam.G.step' holds I32, expected I64")
    #expect(
      step(.init(name: name, shape: [], floats: [.nan])) == "tensor 'adam.G.step' holds nan, expected a whole number")
  }

  @Test func batchCounts() throws {
    let name = try #require(good.tensors.map(\.name).first { $0.hasSuffix("num_batches_tracked") })
    for count in [Int64.max, 1 << 48, -1, .min] {
      let tensor = SafetensorsWriter.Tensor(name: name, shape: [], integers: [count])
      #expect(problem(tensor: { $0.name == name ? tensor : $0 }) == "tensor '\(name)' counts \(count) batches")
    }
  }

  /// Random edits of a whole checkpoint, mostly in its header, with a fixed seed.
  @Test func mutations() throws {
    let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder("good.safetensors"))))
    let header = 8 + original.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    var random = RandomGenerator(seed: 11)
    var (refused, read) = (0, 0)
    for _ in 0..<500 {
      var bytes = original
      for _ in 0...random.integer(below: 3) {
        let place = random.integer(below: random.integer(below: 8) == 0 ? bytes.count : header)
        switch random.integer(below: 3) {
        case 0: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
        case 1: bytes[place] = UInt8(ascii: "0") + UInt8(random.integer(below: 10))
        default: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        }
      }
      try Data(bytes).write(to: URL(fileURLWithPath: folder("bad.safetensors")))
      do {
        let (position, file) = try Checkpoint.read(folder("bad.safetensors"), into: model.networks)
        try model.loadExtra(from: file)
        #expect(position.step >= 0 && position.random.count == 4)
        read += 1
      } catch is FileError {
        refused += 1
      }
    }
    #expect(refused > 150 && read > 3, "\(refused) refused, \(read) read")
  }

  /// A pooled image may have any size since the two sides may; one that no discriminator takes is an error, never a trap.
  @Test(arguments: [
    ([1, 3, 24, 40], true), ([1, 4, 32, 32], true), ([1, 3, 1, 1], false), ([1, 3, 0, 7], false),
  ])
  func pooledImagesOfAnySize(shape: [Int], isPossible: Bool) throws {
    var configuration = TrainingScene.configuration(.unpaired)
    configuration.poolSize = 1
    var random = RandomGenerator(seed: 2)
    let model = try CycleGAN(configuration, processor: Processor(threads: 2), random: &random)
    let floats = [Float](repeating: 0.5, count: shape.reduce(1, *))
    let tensors = ["pool.fake_A.0", "pool.fake_B.0"].map {
      SafetensorsWriter.Tensor(name: $0, shape: shape, floats: floats)
    }
    try SafetensorsWriter.write(tensors, to: folder("pool.safetensors"))
    try model.loadExtra(from: WeightsFile.open(folder("pool.safetensors")))
    let images = ImageBatch(
      count: 1, height: 32, width: 32, channels: 3, values: (0..<32 * 32 * 3).map { Float($0 % 11) / 10 - 0.5 })
    let batch = Batch(
      input: images, target: images, inputPaths: [], targetPaths: [], epoch: 1, isLastOfEpoch: false,
      stateAfter: SamplerState(countA: 1, countB: 1, epoch: 1, position: 1, order: [0], generator: [1, 2, 3, 4]))
    func train() throws {
      // An exchange happens in half of the steps.
      for _ in 0..<8 { _ = try model.step(batch, learningRate: 0.0002, random: &random) }
    }
    if isPossible { try train() } else { #expect(throws: FileError.self) { try train() } }
  }
}
