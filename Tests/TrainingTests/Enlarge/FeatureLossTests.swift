import TestSupport
import Files
import Foundation
import Testing
@testable import NeuralNet
@testable import SuperResolution
@testable import Training
@testable import Weights

/// The feature loss against PyTorch, and what it is given for weights.
struct FeatureLossTests {
  private static let width = 2

  /// A file of the reference's weights.
  private func weights(in folder: TemporaryFolder, _ golden: Golden, leavingOut left: String? = nil) throws -> String {
    let network = try VGG19Features.network(width: Self.width)
    let tensors = try network.parameters.parameters.filter { $0.name != left }.map {
      SafetensorsWriter.Tensor(name: $0.name, shape: $0.shape, floats: try golden.floats("weights/" + $0.name))
    }
    let path = folder.path + "/vgg19.safetensors"
    try SafetensorsWriter.write(tensors, metadata: [:], to: path)
    return path
  }

  @Test func equalsPyTorch() throws {
    let golden = try Golden("feature_loss")
    let folder = try TemporaryFolder()
    let processor = try Processor(threads: 2)
    let loss = try FeatureLoss(
      weights(in: folder, golden), width: Self.width, seeing: 0...1, processor: processor, in: Arena())
    let shape = try golden.shape("output")
    var memory = [Float](repeating: 0, count: 3 * shape.count)
    try memory.withUnsafeMutableBufferPointer { buffer in
      let base = try #require(buffer.baseAddress)
      func view(_ place: Int) -> MutableTensorView<Float> {
        MutableTensorView(shape: shape, base: base + place * shape.count, stride: shape.c)
      }
      let (output, target, gradient) = (view(0), view(1), view(2))
      output.setNCHW(try golden.floats("output"))
      target.setNCHW(try golden.floats("target"))
      gradient.fill(1)
      let batch = ImageBatch(
        count: shape.n, height: shape.h, width: shape.w, channels: shape.c,
        values: Array(UnsafeBufferPointer(start: base + shape.count, count: shape.count)))
      let value = try loss.evaluate(output.readOnly, batch, gradient: gradient, weight: 3)
      let reference = Double(try golden.floats("loss")[0])
      #expect(abs(value - reference) < 1e-5 * reference, "\(value) instead of \(reference)")
      // What was there is added to.
      let closeness = Closeness("gradient", gradient.nchw().map { $0 - 1 }, try golden.floats("gradient"), 1e-3)
      #expect(closeness.holds, "\(closeness)")
    }
  }

  @Test func refusesWhatIsNoVGG19() throws {
    let golden = try Golden("feature_loss")
    let folder = try TemporaryFolder()
    let processor = try Processor(threads: 1)
    let lacking = try weights(in: folder, golden, leavingOut: "features.16.bias")
    let error = #expect(throws: FileError.self) {
      try FeatureLoss(lacking, width: Self.width, seeing: 0...1, processor: processor, in: Arena())
    }
    #expect(
      error?.path == lacking && error?.problem.contains("holds no VGG-19") == true, "\(String(describing: error))")
    #expect(error?.problem.contains("features.16.bias") == true)
    #expect(throws: FileError.self) { try FeatureLoss(lacking, seeing: 0...1, processor: processor, in: Arena()) }
    #expect(throws: FileError.self) {
      try FeatureLoss(folder.path + "/none.pth", seeing: 0...1, processor: processor, in: Arena())
    }
  }
}
