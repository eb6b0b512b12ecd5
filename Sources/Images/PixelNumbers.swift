/// What the numbers of a pixel are that a network reads or makes.
package enum PixelNumbers: Sendable, Equatable {
  /// Grey (1) or red, green and blue (3).
  case colour(Int)
  /// The same and opacity behind them: 2 or 4 numbers.
  case colourAndOpacity(Int)
  /// The lightness L of CIE L*a*b* (`Lab`).
  case lightness
  /// Its a and b.
  case chroma

  /// How many there are.
  package var count: Int {
    switch self {
    case .colour(let colours): colours
    case .colourAndOpacity(let colours): colours + 1
    case .lightness: 1
    case .chroma: 2
    }
  }

  /// Channels of a picture that they are written from, or that becomes of them: 1 or 3.
  package var colours: Int {
    switch self {
    case .colour(let colours), .colourAndOpacity(let colours): colours
    case .lightness, .chroma: 3
    }
  }

  /// Samples of a pixel of a picture that holds what they are written from, and no more.
  package var storedSamples: Int { colours + (hasOpacity ? 1 : 0) }

  /// Whether they count opacity: a picture without any is opaque then.
  package var hasOpacity: Bool { if case .colourAndOpacity = self { true } else { false } }

  /// Numbers that pictures can be read as or made of.
  package static let counts = 1...4

  /// Grey, grey and opacity, RGB, or RGB and opacity: 1 to 4 numbers; traps for others.
  package init(count: Int) {
    precondition(Self.counts.contains(count), "a pixel has 1 to 4 numbers")
    self = count % 2 == 1 ? .colour(count) : .colourAndOpacity(count - 1)
  }
}

extension Picture {
  /// The same picture with the channels that `numbers` are written from, and with opacity only where that is among them.
  package func prepared(for numbers: PixelNumbers) -> Picture {
    (numbers.hasOpacity ? self : withoutAlpha).converted(channels: numbers.colours)
  }

  /// The same picture without opacity.
  private var withoutAlpha: Picture { hasAlpha ? withAlpha(nil) : self }
}
