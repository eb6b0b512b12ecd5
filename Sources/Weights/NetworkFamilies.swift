import DCGAN
import NeuralNet
import PatchDisc
import ResNet
import SuperResolution
import UNet

/// The families of networks that files may hold: a new one is entered here.
package enum NetworkFamilies {
  /// In the order in which files are compared with them.
  package static let all: [any NetworkConfiguration.Type] = [
    UNetConfiguration.self, ResNetConfiguration.self, SRResNetConfiguration.self, RRDBNetConfiguration.self,
    CompactConfiguration.self, DCGANGeneratorConfiguration.self, DiscriminatorConfiguration.self,
    DCGANDiscriminatorConfiguration.self,
  ]

  /// Those that make images.
  package static let generators: [any GeneratorConfiguration.Type] = all.compactMap {
    $0 as? any GeneratorConfiguration.Type
  }

  /// Those that translate, which a run of pix2pix or CycleGAN can choose among.
  package static let translators: [any TranslationGeneratorConfiguration.Type] = all.compactMap {
    $0 as? any TranslationGeneratorConfiguration.Type
  }

  /// Those that enlarge.
  package static let enlargers: [any EnlargerConfiguration.Type] = all.compactMap {
    $0 as? any EnlargerConfiguration.Type
  }

  /// The generator that a run would train under that name, with the published defaults; nil for a name that is none.
  package static func generator(named name: String) -> (any GeneratorConfiguration)? {
    for family in generators {
      if let network = family.init(architecture: name) { return network }
    }
    return nil
  }

  /// The same among those that translate.
  package static func translator(named name: String) -> (any TranslationGeneratorConfiguration)? {
    generator(named: name) as? any TranslationGeneratorConfiguration
  }

  /// `a U-Net or ResNet or … generator or a PatchGAN or PixelGAN discriminator`
  static var titles: String {
    let others = all.filter { !($0 is any GeneratorConfiguration.Type) }
    func joined(_ titles: [String]) -> String { titles.joined(separator: " or ") }
    return "a \(joined(generators.map { $0.title })) generator or a \(joined(others.map { $0.title })) discriminator"
  }
}
