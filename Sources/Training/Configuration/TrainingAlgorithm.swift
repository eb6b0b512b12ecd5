import Files
import NeuralNet
import Weights

/// An algorithm that learns to translate, as a value: what a person is told of it, which settings it has, what data it
/// needs, what it writes, and how its model is made.
///
/// Session, report, checks and the command line ask it; none of them knows one by its name. A new algorithm is a folder
/// beside the others and a line in `registered`.
public struct TrainingAlgorithm: Sendable {
  /// Its name on the command line and in config.json.
  public let name: String
  /// The name of the method in the literature.
  package let method: String
  /// What it does, in a phrase.
  package let summary: String
  /// What else a user should know before training, in paragraphs.
  package let discussion: String
  package let examples: [Example]
  /// What it learns from.
  public let data: DataNeeds
  /// What it learns from instead with some settings; nil: `data` with these too.
  var otherData: @Sendable (TrainingConfiguration) -> DataNeeds? = { _ in nil }
  /// How the input is made of the target, where there is one set of images alone.
  var reduction: @Sendable (TrainingConfiguration) -> Reduction = { _ in Reduction() }
  /// The settings that it has, in the order of help. They alone are read, checked and written: another algorithm may have
  /// one of the same name that holds something else.
  package let settings: [SettingGroup]
  /// Sets the published values of settings whose default is another one.
  let setDefaults: @Sendable (inout TrainingConfiguration) -> Void
  /// Refuses settings that do not go together.
  let check: @Sendable (TrainingConfiguration) throws(ConfigurationError) -> Void
  /// What is trained, in a few words each: network, size, direction.
  let outline: @Sendable (TrainingConfiguration) -> [String]
  /// What a person should know of these settings before training starts; nil: nothing.
  package var note: @Sendable (TrainingConfiguration) -> Phrase? = { _ in nil }
  /// What a person should know of the latest held-out figures, such as that they are no better than without a network.
  package var verdict: @Sendable (_ heldOutFigures: [Double]) -> Phrase? = { _ in nil }
  /// What trained weights are for, and how the command for it begins.
  var use: (purpose: String, command: @Sendable (_ run: String) -> Phrase) = (
    "Translate pictures", { "apply \($0) INPUT \(setting: "out", "OUTPUT")" }
  )
  /// In the order of `TranslationModel.step`'s answer and of losses.csv.
  let losses: [Loss]
  /// In the order of `TranslationModel.measure`'s answer and of metrics.csv. The plateau policy watches the first one, of
  /// which lower is better; by it the best weights are chosen, too, where no other one is named.
  let heldOutFigures: [HeldOutFigure]
  /// Held-out pictures of each side that are measured, the first ones.
  var measuredPictures = 16
  /// Titles of the pictures in a sample row.
  let sampleTitles: [String]
  /// What a sample row shows, from left to right.
  let sampleCaption: String
  /// Which pictures of a sample row are translations, and of what; where none are named, pictures are not diagnosed.
  var translations: [SampleTranslation] = []
  /// How many independent parts its loss is a sum of, which several processes may compute one each; see
  /// `Processor.computes(_:)`.
  var independentParts = 1
  /// The model with freshly drawn weights.
  let makeModel: @Sendable (TrainingConfiguration, Processor, inout RandomGenerator) throws -> any TranslationModel

  /// A whole training that could be: data, run folder and what differs from the defaults.
  package struct Example: Sendable {
    package let data: String
    package let run: String
    /// Names and values of settings.
    package let settings: [(name: String, value: String)]
  }

  /// A column of losses.csv.
  struct Loss: Sendable {
    var name: String
    /// What it measures, for a person.
    var meaning: String
    var role = Role.other
    /// The held-out figure that is the same on other images, and what the loss is weighted by.
    var heldOut: (figure: String, weight: @Sendable (TrainingConfiguration) -> Double)?

    /// What part it plays, for whoever watches a run without knowing its algorithm.
    enum Role: Sendable, Equatable {
      /// What a discriminator loses on real images, translations or both: near 0 where it is always right. Games have numbers
      /// where several generators each play against a discriminator.
      case discriminator(game: Int)
      /// What the generator loses against the discriminator of that game.
      case adversarial(game: Int)
      /// A weighted distance to what should come out; falls while anything is learnt.
      case reconstruction
      case other
    }
  }

  /// A translation among the pictures of a sample row, by their places from 0.
  struct SampleTranslation: Sendable {
    var input: Int
    var output: Int
    /// What translations should look like.
    var target: Int
    /// Whether the target is what this very input should become, not only a picture of its kind.
    var isPaired: Bool
  }

  /// A column of metrics.csv.
  struct HeldOutFigure: Sendable {
    var name: String
    /// Its short name in a heading.
    var title: String
    var unit = ""
    /// What it measures, for a person.
    var meaning: String
    /// Whether the lower of two values is the better one.
    var lowerIsBetter: Bool

    /// Whether `value` is a number and better than `other`, or there is no other.
    func isBetter(_ value: Double, than other: Double?) -> Bool {
      guard value.isFinite, let other else { return value.isFinite }
      return lowerIsBetter ? value < other : value > other
    }
  }
}

extension TrainingAlgorithm {
  /// All settings that it has.
  package var allSettings: [Setting] { settings.flatMap(\.settings) }
}

extension TrainingConfiguration {
  /// What its algorithm learns from with these settings.
  package var dataNeeds: DataNeeds { algorithm.otherData(self) ?? algorithm.data }
}

extension TrainingAlgorithm: CustomStringConvertible {
  /// Its name.
  public var description: String { name }
}
