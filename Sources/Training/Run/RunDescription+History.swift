import Foundation

extension RunDescription {
  /// A setting that a run goes on with.
  package struct Change: Sendable, Equatable, Codable {
    /// Steps that were done before.
    package var step: Int
    /// Its key in config.json.
    package var setting: String
    /// Its value before.
    package var from: StoredValue
    /// Its value since.
    package var to: StoredValue
  }

  /// Takes over what a run goes on with after `step`, and notes in the history what is different.
  mutating func change(to configuration: TrainingConfiguration, data: String, after step: Int) throws {
    let (before, after) = (try Self.values(self.configuration), try Self.values(configuration))
    for setting in configuration.algorithm.allSettings where !setting.isEqual(self.configuration, configuration) {
      let key = SettingKey(setting: setting.name).stringValue
      history.append(
        Change(step: step, setting: key, from: before[key] ?? .absent, to: after[key] ?? .absent))
    }
    if data != self.data {
      history.append(Change(step: step, setting: "data", from: .text(self.data), to: .text(data)))
    }
    (self.configuration, self.data) = (configuration, data)
  }

  /// Keys and values of settings as config.json has them; the names of labels are none, and cannot change.
  private static func values(_ configuration: TrainingConfiguration) throws -> [String: StoredValue] {
    var configuration = configuration
    configuration.labelNames = []
    return try JSONDecoder().decode([String: StoredValue].self, from: JSONEncoder().encode(configuration))
  }
}

/// A setting's value as config.json has it.
package enum StoredValue: Sendable, Equatable {
  /// null
  case absent
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
}

extension StoredValue: CustomStringConvertible {
  /// As a person writes it.
  package var description: String {
    switch self {
    case .absent: "none"
    case .flag(let flag): flag ? "on" : "off"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .text(let text): text
    }
  }
}

extension StoredValue: Codable {
  /// Reads whatever a setting may be.
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .absent
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? value.decode(Int.self) {
      self = .integer(number)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else {
      self = .text(try value.decode(String.self))
    }
  }

  /// Writes the value alone.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .absent: try container.encodeNil()
    case .flag(let flag): try container.encode(flag)
    case .integer(let number): try container.encode(number)
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    }
  }
}
