import Files
import Foundation
import Images
import NeuralNet
import Parallel
import Synchronization
import Translate
import Weights

/// `translate-cli apply MODEL INPUT --out DIR`
struct ApplyCommand: Command {
  let words = ["apply"]
  let summary = "translate a folder of PNGs, or one PNG"
  let discussion = """
    MODEL says itself what network it holds. A translation has the size of its input, whatever it is, or \
    2 or 4 times that of a network that enlarges, and the same relative path. A file that cannot be read is named and passed over; the exit status is 1 then. A full disk ends the \
    command; --skip-existing goes on from there.

    A network that was trained on side-by-side files translates the half of such files that was its input, unless --half \
    says otherwise. INPUT - reads one PNG from the standard input, --out - writes one to the standard output.

    An image of any size gives the same translation in one piece, whether it fits into memory or not. --tile gives the same \
    too where --overlap reaches as far as the network sees and statistics are running ones; with less overlap squares \
    differ near their borders, where they fade into each other. A network whose normalisation takes the statistics of the \
    image (every instance norm, and batch norm with --norm-statistics image) translates in one piece whatever --tile says.
    """
  let operands = [
    Operand<Self>("MODEL", \.choice.model, "folder of a training run, or a .safetensors or .pth file"),
    Operand<Self>("INPUT", \.translation.input, "folder of PNGs, one PNG, or - for the standard input"),
  ]
  let options: [OptionGroup<Self>] = [
    OptionGroup<Self>(
      title: "Files",
      options: [
        .text(
          "out", \.translation.output, placeholder: "DIR", isRequired: true,
          "folder for the translations; for one PNG also the file to write, or - for the standard output"),
        .flag("recursive", \.translation.recursive, "translate sub-folders too"),
        .flag("skip-existing", \.translation.skipsExisting, "leave out images whose translation is there already"),
        .choice("bit-depth", \.choice.settings.bitDepth, standard: "as the image", "bits a sample of the translations"),
        .flag("side-by-side", \.translation.sideBySide, "write input and translation beside each other"),
        .flag("gallery", \.isGallery, "write DIR/index.html, which shows inputs and translations side by side"),
        .shard(
          "shard", \.translation.shard,
          "translate the I-th of N parts with as many pixels each: one line of a job array"),
        .flag(
          "claim", \.isShared, "share out what is missing among all workers on DIR, which come and go as they like"),
        .integer(
          "claim-timeout", \.claims.timeout, in: FolderTranslation.Claims.timeouts, placeholder: "SECONDS",
          "take a worker for dead that shows no sign of life for so long"),
        .flag("summary", \.isSummary, "translate nothing: add up what all workers have done, and what is missing"),
      ] + GeneratorChoice.images.map { $0.within(\.choice) } + [.maxPixels(\.translation.limit.pixels)]),
    OptionGroup<Self>(
      title: "Network",
      options: GeneratorChoice.network(ofAll: ", each in a sub-folder").map { $0.within(\.choice) } + [
        .flag("dropout", \.choice.settings.dropout, "keep dropout on: one of several outcomes"),
        .integer("seed", \.seed, "which outcome --dropout draws"),
        .integer(
          "tile", \.choice.settings.tile, in: Translator.tiles,
          "translate larger images in squares of this side, in pixels; not where statistics are the image's own"),
        .integer(
          "overlap", \.choice.settings.overlap, in: Translator.overlaps,
          "pixels seen around each square, rounded up to what the network halves [as far as it sees, at most 256]"),
      ]),
    OptionGroup<Self>(
      title: "Running",
      options: [
        .integer(
          "batch-size", \.translation.batchSize, in: FolderTranslation.batchSizes,
          "neighbours of one size that go as one batch [1; 4 for large networks and folders]"
        ),
        .threads(\.choice.settings.threads),
        .choice(
          "precision", \.choice.settings.precision,
          "what products are computed with: single precision, or fewer bits, which are less exact; the command precision compares"
        ),
        .bytes(
          "memory", \.choice.settings.memory, standard: "what the machine has left",
          "memory to take; an image that needs more goes over a scratch file, to the same result"),
        .text(
          "scratch", \.choice.settings.scratch, placeholder: "DIR",
          "folder for scratch files, on a disk [the system's for temporary files]"),
        .quiet(\.isQuiet),
        .flag("json", \.json, "print what came out as JSON at the end"),
      ]),
  ]
  let memoryAdvice =
    "translate smaller images, or large ones with --tile, choose --batch-size 1 or fewer --threads, or give the program "
    + "more memory"
  let examples = [
    "apply runs/facades labels --out photos", "apply latest_net_G.pth photo.png --out translated.png",
    "apply runs/facades facades/val --half right --out photos",
    "apply runs/zebras horses --out zebras --direction AtoB --shard 3/16",
    "apply runs/facades labels --out photos --claim",
  ]

  var choice = GeneratorChoice()
  var translation = FolderTranslation("", to: "")
  var seed: UInt64?
  var isGallery = false
  var isShared = false
  var claims = FolderTranslation.Claims()
  var isSummary = false
  var isQuiet = false
  var json = false

  func validate(given: Set<String>) throws(UsageError) {
    if seed != nil, !choice.settings.dropout { throw .needs(option: "--seed", other: "--dropout") }
    if choice.settings.overlap != nil, choice.settings.tile == nil {
      throw .needs(option: "--overlap", other: "--tile")
    }
    if given.contains("claim-timeout"), !isShared { throw .needs(option: "--claim-timeout", other: "--claim") }
    for (option, isGiven) in [("--shard", translation.shard != nil), ("--summary", isSummary)] where isGiven && isShared
    {
      throw .excludes(option: "--claim", other: option)
    }
    if isSummary, translation.shard != nil { throw .excludes(option: "--summary", other: "--shard") }
    try validateStreams(given: given)
  }
}
