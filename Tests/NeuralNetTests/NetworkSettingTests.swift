import Testing
import Files
import NeuralNet
import PatchDisc
import ResNet
import UNet

/// Numbers that settings may hold and of which no network can be made: refused in a sentence, never by an overflow.
@Suite struct NetworkSettingTests {
  private static let channels = [Int.min, -1, 0, 65537, Int.max]

  private func refuse(_ value: Int, _ what: String, _ make: () throws -> Network) {
    let error = #expect(throws: FileError.self, "\(value) \(what)") { try make() }
    #expect(error?.problem == "\(value) \(what) cannot be")
    #expect(error?.advice?.description.hasPrefix("give 1 to ") == true || error?.advice == "give 5 to 20")
  }

  @Test func unet() {
    for levels in [Int.min, -1, 0, 4, 21, Int.max] {
      refuse(levels, "levels of a U-Net") { try UNetConfiguration(levels: levels).network() }
    }
    for channels in Self.channels {
      for (what, property) in [
        ("input channels", \UNetConfiguration.inputChannels), ("output channels", \.outputChannels),
        ("channels after the first convolution", \.filters),
      ] {
        var configuration = UNetConfiguration(levels: 5)
        configuration[keyPath: property] = channels
        refuse(channels, what) { try configuration.network() }
      }
    }
  }

  @Test func resnet() {
    for blocks in [Int.min, -1, 0, 1025, Int.max] {
      refuse(blocks, "blocks of a ResNet") { try ResNetConfiguration(blocks: blocks).network() }
    }
    for channels in Self.channels {
      for (what, property) in [
        ("input channels", \ResNetConfiguration.inputChannels), ("output channels", \.outputChannels),
        ("channels after the first convolution", \.filters),
      ] {
        var configuration = ResNetConfiguration(blocks: 6)
        configuration[keyPath: property] = channels
        refuse(channels, what) { try configuration.network() }
      }
    }
  }

  @Test func discriminator() {
    for layers in [Int.min, -1, 0, 21, Int.max] {
      var configuration = DiscriminatorConfiguration()
      configuration.kind = .patch(layers: layers)
      refuse(layers, "stride-2 layers of a discriminator") { try configuration.network() }
      #expect((configuration.receptiveField ?? 0) > 0)
      #expect(configuration.smallestImage > 0)
    }
    for kind in [DiscriminatorConfiguration.Kind.pixel, .patch(layers: 3)] {
      for channels in Self.channels {
        for (what, property) in [
          ("input channels", \DiscriminatorConfiguration.inputChannels),
          ("channels after the first convolution", \.filters),
        ] {
          var configuration = DiscriminatorConfiguration()
          configuration.kind = kind
          configuration[keyPath: property] = channels
          refuse(channels, what) { try configuration.network() }
        }
      }
    }
  }

  /// The largest that are let through end in a sentence about memory.
  @Test func widest() {
    var unet = UNetConfiguration(levels: 20)
    unet.filters = 65536
    #expect(throws: FileError.self) { try unet.network() }
    var resnet = ResNetConfiguration(blocks: 1024)
    resnet.filters = 65536
    #expect(throws: FileError.self) { try resnet.network() }
  }

  @Test(arguments: [Int.min, -1, 0, 1025, Int.max]) func threads(count: Int) {
    let error = #expect(throws: FileError.self) { try Processor(threads: count) }
    #expect(error?.description == "\(count) threads cannot be; give 1 to 1024")
  }
}
