import Files
import Foundation

/// A sign that training is dying or does not do what it should, seen on the way.
///
/// What each kind measures, and why its threshold is where it is, says docs/diagnosis.md.
public struct TrainingAlarm: Sendable, Equatable, Codable {
  /// What goes wrong, by its name in alarms.csv.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The discriminator tells every translation from real images, so the generator learns nothing from it.
    case discriminatorWon = "discriminator-won"
    /// The generator makes nearly the same picture of every input.
    case generatorCollapsed = "generator-collapsed"
    /// Translations have hardly any contrast.
    case flatOutput = "flat-output"
    /// Translations are light where they should be dark.
    case invertedColours = "inverted-colours"
    /// Translations show a grid at the period of the generator's upsampling.
    case checkerboard
    /// Training pictures are learnt by heart.
    case overfitting
    /// A loss has left all proportion.
    case explosion
    /// The reconstruction has not become better since the begin.
    case noProgress = "no-progress"
  }

  /// What goes wrong.
  public var kind: Kind
  /// The step after which it was seen.
  public var step: Int
  /// The number that it was seen by.
  public var value: Double
  /// The number's limit.
  public var threshold: Double

  /// Whether nothing good is to be expected of this run any more; else it goes on learning, but badly.
  public var isFatal: Bool {
    switch kind {
    case .discriminatorWon, .generatorCollapsed, .flatOutput, .explosion, .noProgress: true
    case .invertedColours, .checkerboard, .overfitting: false
    }
  }

  /// What it means, with its number, in a sentence without a full stop.
  public var meaning: String {
    let (number, limit) = (Self.number(value), Self.number(threshold))
    return switch kind {
    case .discriminatorWon:
      "the discriminator has won: its losses are \(number) of what guessing costs (alarm below \(limit)), so the generator "
        + "learns nothing from it any more"
    case .generatorCollapsed:
      "the generator has collapsed: its pictures differ \(number) times as much as they should (alarm below \(limit)), "
        + "whatever it makes them of"
    case .flatOutput:
      "translations are flat: their contrast is \(number) of what it should be (alarm below \(limit))"
    case .invertedColours:
      "translations are light where they should be dark: their correlation is \(number) (alarm below \(limit))"
    case .checkerboard:
      "translations show a checkerboard: the grid of the upsampling stands out \(number) times (alarm above \(limit))"
    case .overfitting:
      "the generator learns the training pictures by heart: the held-out figure is \(number) times its best (alarm above "
        + "\(limit)) while the training loss falls"
    case .explosion:
      "losses explode: one is \(number) times what it began with (alarm above \(limit))"
    case .noProgress:
      "nothing is learnt: the reconstruction loss is \(number) of what it began with (alarm above \(limit))"
    }
  }

  /// What to try, without a full stop.
  public var advice: Phrase {
    switch kind {
    case .discriminatorWon:
      """
      start again with a smaller \(setting: "ndf") or \(setting: "gan-mode", "lsgan"), or with more or more varied \
      pictures
      """
    case .generatorCollapsed:
      """
      look at the last sample sheet; see whether inputs and targets, where there are inputs, belong together, and start \
      again with a lower \(setting: "learning-rate") or another \(setting: "gan-mode")
      """
    case .flatOutput:
      """
      look at the last sample sheet; start again with a lower \(setting: "learning-rate") or another \
      \(setting: "norm")
      """
    case .invertedColours:
      """
      look at the last sample sheet; see whether training and held-out pictures are of one kind, or start again with \
      another \(setting: "seed")
      """
    case .checkerboard:
      "look at the last sample sheet; if it shows, start again with \(setting: "upsample", "resize-conv")"
    case .overfitting:
      """
      stop here; more pictures, a smaller \(setting: "ngf") or \(setting: "dropout") help
      """
    case .explosion:
      """
      start again with a lower \(setting: "learning-rate"), or another \(setting: "gan-mode") or \(setting: "norm")
      """
    case .noProgress:
      """
      see whether inputs and targets belong together, and start again with a higher \(setting: "learning-rate")
      """
    }
  }

  /// Three digits that count.
  private static func number(_ value: Double) -> String {
    String(format: (100..<1e6).contains(abs(value)) ? "%.0f" : "%.3g", value)
  }
}
