import Files
import Foundation

/// What training would see of a data folder: the answer of the `check` command.
package struct DataCheck: Codable, Sendable, Equatable {
  /// The images of one side, counted.
  package struct Side: Codable, Sendable, Equatable {
    /// The folder they lie in.
    package var folder: String
    /// How many PNG files it holds whose beginning can be read (pairs: those with a partner).
    package var count: Int
    /// The sizes that occur, the most frequent first.
    package var sizes: [Size]
    /// How many are grey, by their headers.
    package var grey: Int
    /// How many have colour.
    package var colour: Int
    /// How many have an alpha channel, which training passes over.
    package var withAlpha: Int
    /// How many have 16 bits a sample, of which training sees the upper 8.
    package var sixteenBit: Int

    private enum CodingKeys: String, CodingKey {
      case folder, count, sizes, grey, colour
      case withAlpha = "with_alpha"
      case sixteenBit = "sixteen_bit"
    }
  }

  /// How often a size occurs.
  package struct Size: Codable, Sendable, Equatable {
    /// Pixels in a row of the file.
    package var width: Int
    /// Rows.
    package var height: Int
    /// How many files have this size.
    package var count: Int
  }

  /// Training images, or held-out ones.
  package struct Part: Codable, Sendable, Equatable {
    /// How the two sides lie on disk.
    package var arrangement: DataPart.Arrangement
    /// One side (side by side), or A and B.
    package var sides: [Side]
    /// Other files that were passed over.
    package var ignored: Int
  }

  /// Something wrong, with its place.
  package struct Problem: Codable, Sendable, Equatable {
    /// The file or folder.
    package var path: String
    /// What is wrong with it.
    package var problem: String
    /// What to do about it.
    package var advice: String?
  }

  /// The data folder.
  package var path: String
  /// The first algorithm that could be trained with it.
  package var objective: TrainingAlgorithm?
  /// What was recognised, in a sentence.
  package var summary: String
  /// The images to learn from.
  package var training: Part
  /// The images held out.
  package var heldOut: Part?
  /// Everything that keeps it from being trained on.
  package var problems: [Problem]
  /// What a run would take; nil where there can be none.
  package var forecast: Forecast?

  private enum CodingKeys: String, CodingKey {
    case path, objective, summary, training, problems, forecast
    case heldOut = "held_out"
  }

  /// Counts what `folder` holds.
  ///
  /// - Parameters:
  ///   - preparation: also names what keeps the images from being prepared in this way.
  ///   - survey: also names the files whose pixels turned out to be damaged.
  ///   - name: what advice calls a setting
  package init(
    _ folder: DataFolder, preparation: ImagePreparation? = nil, batchSize: Int = 1, survey: PictureSurvey? = nil,
    callingSettings name: (String) -> String = Phrase.plain
  ) {
    path = folder.path
    objective = TrainingAlgorithm.registered.first { $0.data == folder.holds }
    summary = folder.summary
    training = Part(folder.training)
    heldOut = folder.heldOut.map { Part($0) }
    let found =
      folder.problems + (survey?.damaged ?? [])
      + (preparation.map { folder.problems(for: $0, batchSize: batchSize) } ?? [])
    problems = found.map {
      Problem(path: $0.path ?? folder.path, problem: $0.problem, advice: $0.advice?.text(callingSettings: name))
    }
  }

  /// Adds what a run of `configuration` would take, where nothing keeps it from starting.
  ///
  /// - Throws: `ConfigurationError` for settings that cannot be, `FileError` where there is no memory for them
  package mutating func addForecast(_ configuration: TrainingConfiguration, _ folder: DataFolder) throws {
    guard problems.isEmpty else { return }
    try configuration.validate()
    var configuration = configuration
    configuration.labelNames = folder.labels
    forecast = try Forecast(configuration, folder)
  }

  /// The report as JSON with sorted keys and a line break at its end.
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// The report in lines for a person.
  package var text: String {
    var lines = [summary]
    lines += training.lines(title: "training")
    if let heldOut { lines += heldOut.lines(title: "held out") }
    if let forecast {
      lines.append("training: \(forecast.steps) steps with these settings")
      lines += forecast.lines
    }
    if problems.isEmpty {
      lines.append("no problems found")
    } else {
      lines.append(problems.count == 1 ? "1 problem:" : "\(problems.count) problems:")
      lines += problems.map { "  \($0.path): \($0.problem)" + ($0.advice.map { "; " + $0 } ?? "") }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension DataCheck.Part {
  init(_ part: DataPart) {
    arrangement = part.arrangement
    ignored = part.ignored
    sides = zip(part.folders, [part.filesA, part.filesB]).map { DataCheck.Side(folder: $0, files: $1) }
  }

  /// Most sizes that are listed for a person.
  private static let listedSizes = 5

  fileprivate func lines(title: String) -> [String] {
    var lines: [String] = []
    for (index, side) in sides.enumerated() {
      let letter = sides.count == 2 ? (index == 0 ? " A" : " B") : ""
      lines.append("\(title)\(letter): \(side.count) \(side.count == 1 ? "image" : "images") in \(side.folder)")
      if side.count > 0 {
        let sizes = side.sizes.prefix(Self.listedSizes).map { "\($0.width)×\($0.height) (\($0.count))" }
        let more = side.sizes.count - sizes.count
        lines.append("  sizes: " + sizes.joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""))
        var kinds = [(side.colour, "colour"), (side.grey, "grey"), (side.withAlpha, "with alpha")]
        kinds.append((side.sixteenBit, "with 16 bits"))
        lines.append("  kinds: " + kinds.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", "))
      }
    }
    if ignored > 0 { lines.append("  passed over: \(ignored) other \(ignored == 1 ? "file" : "files")") }
    return lines
  }
}

extension DataCheck.Side {
  init(folder: String, files: [DataFile]) {
    self.folder = folder
    let headers = files.compactMap(\.header)
    count = headers.count
    var counts: [[Int]: Int] = [:]
    for header in headers { counts[[header.width, header.height], default: 0] += 1 }
    // By count, then by size: the order of a dictionary differs from run to run.
    sizes = counts.map { DataCheck.Size(width: $0.key[0], height: $0.key[1], count: $0.value) }
      .sorted { ($1.count, $0.width, $0.height) < ($0.count, $1.width, $1.height) }
    grey = headers.count { $0.channels == 1 }
    colour = count - grey
    withAlpha = headers.count { $0.hasAlpha }
    sixteenBit = headers.count { $0.bitDepth == 16 }
  }
}
