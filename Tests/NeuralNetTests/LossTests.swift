import TestSupport
import Testing
@testable import NeuralNet
@testable import Parallel

/// Losses and their gradients against PyTorch in double precision.
@Suite struct LossTests {
  private static let tolerance = 1e-6

  @Test(arguments: [
    ("vanilla_real", AdversarialLoss.vanilla, AdversarialLoss.Target.discriminatorReal),
    ("vanilla_fake", .vanilla, .discriminatorFake), ("vanilla_real", .vanilla, .generator),
    ("lsgan_real", .lsgan, .discriminatorReal), ("lsgan_fake", .lsgan, .discriminatorFake),
    ("lsgan_real", .lsgan, .generator), ("hinge_discriminator_real", .hinge, .discriminatorReal),
    ("hinge_discriminator_fake", .hinge, .discriminatorFake), ("wasserstein_real", .hinge, .generator),
    ("wasserstein_real", .wgangp, .discriminatorReal), ("wasserstein_fake", .wgangp, .discriminatorFake),
    ("wasserstein_real", .wgangp, .generator), ("vanilla_real", .minimax, .discriminatorReal),
    ("vanilla_fake", .minimax, .discriminatorFake), ("minimax_generator", .minimax, .generator),
    ("wasserstein_real", .wgan, .discriminatorReal), ("wasserstein_fake", .wgan, .discriminatorFake),
    ("wasserstein_real", .wgan, .generator),
  ])
  func adversarial(name: String, loss: AdversarialLoss, target: AdversarialLoss.Target) throws {
    let golden = try Golden("losses")
    let shape = try golden.shape(name + "/prediction")
    let values = try AlignedMemory(count: 2 * shape.count)
    let prediction = MutableTensorView(shape: shape, base: values.base, stride: 1)
    let gradient = MutableTensorView(shape: shape, base: values.base + shape.count, stride: 1)
    prediction.setNCHW(try golden.floats(name + "/prediction"))
    let value = loss.evaluate(prediction.readOnly, target, gradient: gradient)
    let expected = try golden.floats(name + "/gradient")
    expect(Closeness(name, [Float(value)], try golden.floats(name + "/loss"), Self.tolerance))
    expect(Closeness(name + " gradient", gradient.nchw(), expected, Self.tolerance))

    let weighted = loss.evaluate(prediction.readOnly, target, gradient: gradient, weight: 0.5)
    #expect(weighted == value)
    expect(Closeness(name + " halved", gradient.nchw(), expected.map { $0 / 2 }, Self.tolerance))
  }

  /// One-sided: only what is said of pictures of the data changes.
  @Test(arguments: [AdversarialLoss.vanilla, .minimax, .lsgan]) func smoothedLabels(loss: AdversarialLoss) throws {
    let golden = try Golden("losses")
    let name = loss == .lsgan ? "lsgan_smoothed" : "vanilla_smoothed"
    let shape = try golden.shape(name + "/prediction")
    let values = try AlignedMemory(count: 3 * shape.count)
    let views = (0..<3).map { MutableTensorView(shape: shape, base: values.base + $0 * shape.count, stride: 1) }
    views[0].setNCHW(try golden.floats(name + "/prediction"))
    let value = loss.evaluate(views[0].readOnly, .discriminatorReal, gradient: views[1], realLabel: 0.9)
    expect(Closeness(name, [Float(value)], try golden.floats(name + "/loss"), Self.tolerance))
    expect(Closeness(name + " gradient", views[1].nchw(), try golden.floats(name + "/gradient"), Self.tolerance))
    for target in [AdversarialLoss.Target.discriminatorFake, .generator] {
      let smoothed = loss.evaluate(views[0].readOnly, target, gradient: views[1], realLabel: 0.9)
      #expect(smoothed == loss.evaluate(views[0].readOnly, target, gradient: views[2]))
      #expect(views[1].nchw() == views[2].nchw())
    }
  }

  /// Logits far from 0 neither overflow nor lose their gradient.
  @Test func vanillaAtLargeLogits() throws {
    let values = try AlignedMemory(count: 4)
    let shape = Shape(1, 1, 1, 2)
    let prediction = MutableTensorView(shape: shape, base: values.base, stride: 1)
    let gradient = MutableTensorView(shape: shape, base: values.base + 2, stride: 1)
    prediction.setNCHW([-1e4, 1e4])
    let loss = AdversarialLoss.vanilla.evaluate(prediction.readOnly, .discriminatorReal, gradient: gradient)
    #expect(loss == 5e3)
    #expect(gradient.nchw() == [-0.5, 0])
  }

  /// The gradient is added to what is there; strides are those of views into concatenations.
  @Test(arguments: [1, 3]) func l1(threads: Int) throws {
    let golden = try Golden("losses")
    let shape = try golden.shape("l1/a")
    let stride = shape.c + 2
    let values = try AlignedMemory(count: 3 * stride * shape.pixels)
    let views = (0..<3).map {
      MutableTensorView(shape: shape, base: values.base + $0 * stride * shape.pixels, stride: stride)
    }
    views[0].setNCHW(try golden.floats("l1/a"))
    views[1].setNCHW(try golden.floats("l1/b"))
    views[2].fill(0.25)
    let loss = L1Loss.evaluate(
      views[0].readOnly, views[1].readOnly, gradient: views[2], weight: 100, pool: WorkerPool(threads: threads))
    expect(Closeness("l1", [Float(loss)], try golden.floats("l1/loss"), Self.tolerance))
    let expected = try golden.floats("l1/gradient").map { 100 * $0 + 0.25 }
    expect(Closeness("l1 gradient", views[2].nchw(), expected, Self.tolerance))
  }
}
