import Files
import Foundation
import Images
import Translate
import Weights

/// `-` for the standard input and output: one picture, as bytes of a PNG.
extension ApplyCommand {
  static let stream = "-"

  var usesStreams: Bool { translation.input == Self.stream || translation.output == Self.stream }

  /// Refuses what makes no sense with one picture.
  func validateStreams(given: Set<String>) throws(UsageError) {
    guard usesStreams else { return }
    for option in ["recursive", "skip-existing", "shard", "claim", "summary", "batch-size", "json"]
    where given.contains(option) {
      throw .needs(option: "--" + option, other: "a folder as INPUT and one as --out")
    }
    if choice.label == LabelNames.every {
      throw .needs(option: "--label \(LabelNames.every)", other: "a folder as INPUT and one as --out")
    }
    guard translation.output == Self.stream || translation.output.lowercased().hasSuffix(".png") else {
      throw .malformed(
        option: "--out", value: translation.output, expected: "a .png file, or -, for a picture from the standard input"
      )
    }
  }

  func runOnStreams(
    _ translation: FolderTranslation, _ translator: Translator, _ console: Console
  ) throws -> ExitCode {
    let isInput = translation.input == Self.stream
    let path = isInput ? "the standard input" : translation.input
    let picture =
      isInput
      ? try PNG.decode(Console.standardInput(atMost: byteLimit), path: path, limit: translation.limit)
      : try PNG.read(path, limit: translation.limit)
    let name = isInput ? "" : ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    let output = try translation.translate(picture, path: path, name: name, translator, choosesHalf: choice.half == nil)
    if translation.output == Self.stream {
      try console.output(output)
    } else {
      try OutputFolder.make(forFile: translation.output)
      try AtomicFile.write(output, to: translation.output)
    }
    return .success
  }

  /// What a PNG within the limit may have: 16 bits a sample, uncompressed, and room for metadata.
  private var byteLimit: Int {
    let (bytes, overflow) = translation.limit.pixels.multipliedReportingOverflow(by: 9)
    return overflow ? Int.max : bytes + 64 << 20
  }
}
