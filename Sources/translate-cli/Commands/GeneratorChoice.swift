import Images
import NeuralNet
import Training
import Translate
import Weights

/// Which generator translates, how, and what of each image: what apply and precision have in common.
struct GeneratorChoice: Sendable {
  /// A run folder or a file of weights.
  var model = ""
  var direction: Direction?
  var part: String?
  var weights: RunWeights?
  /// One of the names of the model's labels, or all.
  var label: String?
  var half: Half?
  var settings = Translator.Options()

  /// What of an image is translated.
  enum Half: String, CaseIterable, Sendable {
    case left, right, whole

    var half: ImageHalf? { ImageHalf(rawValue: rawValue) }
  }

  /// The options that say what of each image is translated.
  static let images: [Option<Self>] = [
    .choice(
      "half", \.half, standard: "the input of the training, of images side by side as there; else whole",
      "which half of side-by-side images to translate"),
    .choice(
      "color-space", \.settings.colourSpace, standard: "as the model says, else rgb",
      "what the network's numbers mean; lab: it makes a and b of L and colours grey images"),
  ]

  /// The options that say which network translates.
  ///
  /// - Parameter ofAll: what else is to be said of --label all
  static func network(ofAll: String = "") -> [Option<Self>] {
    [
      .choice("direction", \.direction, standard: "as trained", "which generator of an unpaired run"),
      .text(
        "label", \.label, placeholder: "NAME",
        "what a network that was trained with labels makes of an image: one of them, or all\(ofAll)"),
      .weights("weights", \.weights), .part(\.part),
      .choice(
        "norm-statistics", \.settings.normStatistics, standard: "as the model says, else image",
        "whose statistics batch norm uses: the image's own, or those gathered in training"),
    ]
  }

  /// Tells that `half` of the images of `input` is translated, though nobody has asked for it.
  static func words(of half: ImageHalf, in input: String) -> String {
    "\(input) holds side-by-side images as in training: their \(half.rawValue) halves are translated; --half says otherwise"
  }
}
