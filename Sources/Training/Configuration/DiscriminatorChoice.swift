/// Which discriminator looks at images.
public enum DiscriminatorChoice: String, Sendable, Codable, CaseIterable {
  /// PatchGAN with three stride-2 layers: each output sees 70×70 pixels.
  case basic
  /// PatchGAN with a chosen number of stride-2 layers.
  case layered = "n_layers"
  /// 1×1 convolutions alone: each output sees one pixel.
  case pixel
}
