import Files
import Foundation

/// What `RUN/config.json` says: how a run was started, with every setting.
package struct RunDescription: Sendable, Equatable {
  /// The name of the file in a run folder.
  package static let fileName = "config.json"
  /// The largest config.json that is read.
  private static let largestFile = 1 << 20

  /// Every setting of the training.
  package var configuration: TrainingConfiguration
  /// The folder trained on, as an absolute path.
  package var data: String
  /// The version of the program that started the run.
  package var version: String
  /// The program's name and arguments; empty where it was started from Swift.
  package var commandLine: [String]
  /// What it went on with since, the earliest first.
  package var history: [Change] = []

  /// The description of a run that is about to start.
  package init(
    configuration: TrainingConfiguration, data: String, version: String, commandLine: [String] = []
  ) {
    self.configuration = configuration
    self.data = data
    self.version = version
    self.commandLine = commandLine
  }

  /// Reads `config.json` of `runFolder` and checks its settings.
  ///
  /// - Throws: a `FileError` where it cannot be read, is no such file, or holds a setting that cannot be.
  package static func read(runFolder: String) throws -> RunDescription {
    let path = (runFolder as NSString).appendingPathComponent(fileName)
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw FileError(path: path, problem: "cannot be read", advice: "give the folder of a training run")
    }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: largestFile + 1) ?? Data() else {
      throw FileError(path: path, problem: "cannot be read", advice: "give the folder of a training run")
    }
    guard data.count <= largestFile else {
      throw FileError(path: path, problem: "is larger than any config.json of a run (1 MiB)")
    }
    return try parse(data, path: path)
  }

  /// Reads the content of a `config.json`; `path` is for the error's wording.
  ///
  /// - Throws: a `FileError` as `read(runFolder:)`.
  package static func parse(_ data: Data, path: String) throws -> RunDescription {
    do {
      let description = try JSONDecoder().decode(RunDescription.self, from: data)
      try description.configuration.validate()
      return description
    } catch let error as DecodingError {
      throw FileError(path: path, problem: wording(error), advice: "restore the file as the training wrote it")
    } catch let error as ConfigurationError {
      throw FileError(path: path, problem: "holds a setting that cannot be: \(error)")
    }
  }

  /// The bytes of `config.json`: sorted keys, one a line, the same for the same run.
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// Writes `config.json` into `runFolder`, atomically.
  ///
  /// - Throws: a `FileError` where it cannot be written.
  package func write(runFolder: String) throws {
    try AtomicFile.write(try json(), to: (runFolder as NSString).appendingPathComponent(Self.fileName))
  }

  private static func wording(_ error: DecodingError) -> String {
    switch error {
    case .typeMismatch(let type, let context):
      guard let key = context.codingPath.last else { return "is no JSON object" }
      return "\(key.stringValue) has the wrong type, expected \(name(of: type))"
    case .dataCorrupted(let context):
      guard let key = context.codingPath.last else { return "is not valid JSON" }
      return "\(key.stringValue) has \(context.debugDescription)"
    default:
      return "is no JSON object"
    }
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is any FixedWidthInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is Bool.Type: "true or false"
    case is [String].Type, is [Change].Type: "a list"
    default: "text"
    }
  }
}

extension RunDescription: Codable {
  private enum CodingKeys: String, CodingKey {
    case data, version, history
    case commandLine = "command_line"
  }

  /// Reads the description; the settings stand beside it on the same level.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    configuration = try TrainingConfiguration(from: decoder)
    data = try container.value(String.self, for: .data) ?? ""
    version = try container.value(String.self, for: .version) ?? ""
    commandLine = try container.value([String].self, for: .commandLine) ?? []
    history = try container.value([Change].self, for: .history) ?? []
  }

  /// Writes the description, the settings beside it on the same level.
  package func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(data, forKey: .data)
    try container.encode(version, forKey: .version)
    try container.encode(commandLine, forKey: .commandLine)
    try container.encode(history, forKey: .history)
  }
}
