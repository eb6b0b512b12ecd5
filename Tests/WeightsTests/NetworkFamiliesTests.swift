import NeuralNet
import Testing
@testable import Weights

@Suite struct NetworkFamiliesTests {
  /// A name leads to the family and back.
  @Test func names() {
    let names = NetworkFamilies.generators.flatMap { $0.usualNames }
    #expect(
      names == [
        "unet_1024", "unet_512", "unet_256", "unet_128", "unet_64", "unet_32", "resnet_9blocks", "resnet_6blocks",
        "srresnet", "rrdb", "compact", "dcgan_64", "dcgan_32", "dcgan_128", "dcgan_256",
      ])
    #expect(NetworkFamilies.translators.flatMap { $0.usualNames } == Array(names.dropLast(7)))
    #expect(NetworkFamilies.enlargers.flatMap { $0.usualNames } == Array(names.dropLast(4).suffix(3)))
    #expect(NetworkFamilies.translator(named: "dcgan_64") == nil)
    #expect(NetworkFamilies.translator(named: "rrdb") == nil)
    for name in names { #expect(NetworkFamilies.generator(named: name)?.architecture == name) }
    #expect(NetworkFamilies.generator(named: "resnet_11blocks")?.depth == 11)
    for name in ["n_layers_3", "pixel", "unet", "resnet_blocks", "dcgan_48", "dcgan_discriminator_64", ""] {
      #expect(NetworkFamilies.generator(named: name) == nil)
    }
  }

  @Test func titles() {
    #expect(
      NetworkFamilies.titles
        == "a U-Net or ResNet or SRResNet or RRDBNet or SRVGGNetCompact or DCGAN generator or a PatchGAN or PixelGAN "
        + "or DCGAN discriminator")
  }

  /// The inspection's JSON tells families apart by these.
  @Test func depthKeysAreUnique() {
    #expect(Set(NetworkFamilies.all.map { $0.depthName.key }).count == NetworkFamilies.all.count)
  }

  /// What sizes a network takes is what its operations take.
  @Test func smallestImages() throws {
    for name in ["unet_32", "resnet_6blocks", "srresnet", "rrdb", "compact"] {
      var network = try #require(NetworkFamilies.generator(named: name))
      network.filters = 2
      let made = try network.network()
      func takes(_ side: Int) -> Bool {
        (try? Execution(
          made, shape: Shape(1, 3, side, side), mode: ExecutionMode(), processor: Processor(threads: 1))) != nil
      }
      #expect(takes(network.smallestImage) && takes(network.smallestImage + network.sizeMultiple))
      let smaller = network.smallestImage - network.sizeMultiple
      #expect(smaller == 0 || !takes(smaller))
    }
  }
}
