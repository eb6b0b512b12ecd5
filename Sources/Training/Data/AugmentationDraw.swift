import NeuralNet

/// The random numbers of one augmentation, drawn before the image is known.
///
/// They are mapped to the image's size only when it is cropped: how many numbers a generator has given, and so
/// everything drawn after them, then never depends on what the files hold.
package struct AugmentationDraw: Sendable, Equatable {
  /// Where the crop stands between left (0) and right (1).
  package var x: Double
  /// Where the crop stands between top (0) and bottom (1).
  package var y: Double
  /// Mirrored where at least 0.5.
  package var flip: Double
  /// What else is changed; nil: nothing.
  package var numbers: AugmentationNumbers?

  /// The crop in the middle, not mirrored: for images that are looked at or measured.
  package static let centred = AugmentationDraw(x: 0.5, y: 0.5, flip: 0)

  /// A draw of the given numbers, each in [0, 1).
  package init(x: Double, y: Double, flip: Double) {
    self.x = x
    self.y = y
    self.flip = flip
  }

  /// Three uniform numbers from `generator`, and those of an augmentation behind them where it `augments`.
  package init(from generator: inout RandomGenerator, augments: Bool = false) {
    x = generator.uniform()
    y = generator.uniform()
    flip = generator.uniform()
    if augments { numbers = AugmentationNumbers(from: &generator) }
  }

  /// Whether the image is mirrored: one time in two.
  package var isFlipped: Bool { flip >= 0.5 }

  /// An offset in 0 ... `slack`, each as likely as the others, for a number in [0, 1).
  static func offset(_ number: Double, slack: Int) -> Int {
    slack > 0 ? min(slack, Int(number * (Double(slack) + 1))) : 0
  }
}

extension AugmentationNumbers {
  /// Eight uniform numbers from `generator`.
  init(from generator: inout RandomGenerator) {
    func toEitherSide(_ generator: inout RandomGenerator) -> Double { 2 * generator.uniform() - 1 }
    quarter = min(3, Int(4 * generator.uniform()))
    angle = toEitherSide(&generator)
    scale = toEitherSide(&generator)
    brightness = toEitherSide(&generator)
    contrast = toEitherSide(&generator)
    hue = toEitherSide(&generator)
    cutX = generator.uniform()
    cutY = generator.uniform()
  }
}
