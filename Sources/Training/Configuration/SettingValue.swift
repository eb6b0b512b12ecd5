import Images
import NeuralNet
import Weights

/// A type of settings: how its values are written by people and in files.
package protocol SettingValue: Codable, Sendable, Equatable {
  /// What stands for a value in help: `N`.
  static var placeholder: String { get }
  /// Whether values are written as words out of a list, so that an unknown one can be named.
  static var isWord: Bool { get }

  /// The value of `key` in a file; nil where it is absent or null.
  static func read(_ container: KeyedDecodingContainer<SettingKey>, _ key: SettingKey) throws -> Self?

  /// The value that a person has written.
  init(settingText text: String) throws(SettingTextError)

  /// The value as a person writes it; nil where there is none.
  var settingText: String? { get }
}

extension SettingValue {
  package static var isWord: Bool { false }
  package static func read(_ container: KeyedDecodingContainer<SettingKey>, _ key: SettingKey) throws -> Self? {
    try container.value(Self.self, for: key)
  }
}

/// Why a text is no value of a setting.
package enum SettingTextError: Error, Equatable {
  case noInteger
  case noNumber
  case noSwitch
  case empty
  case unknown(choices: [String])
}

extension SettingValue where Self: FixedWidthInteger {
  package static var placeholder: String { "N" }
  package var settingText: String? { "\(self)" }
  package init(settingText text: String) throws(SettingTextError) {
    guard let value = Self(text) else { throw .noInteger }
    self = value
  }
}

extension Int: SettingValue {}
extension UInt64: SettingValue {}

extension Double: SettingValue {
  package static var placeholder: String { "X" }
  package init(settingText text: String) throws(SettingTextError) {
    guard let value = Double(text), value.isFinite else { throw .noNumber }
    self = value
  }
  /// 100, 0.5, 0.0002.
  package var settingText: String? {
    self == rounded() && abs(self) < 1e15 ? String(Int(self)) : "\(self)"
  }
}

extension Bool: SettingValue {
  package static var placeholder: String { "on|off" }
  package init(settingText text: String) throws(SettingTextError) {
    switch text {
    case "on": self = true
    case "off": self = false
    default: throw .noSwitch
    }
  }
  package var settingText: String? { self ? "on" : "off" }
}

extension String: SettingValue {
  package static var placeholder: String { "TEXT" }
  package init(settingText text: String) throws(SettingTextError) {
    guard !text.isEmpty else { throw .empty }
    self = text
  }
  package var settingText: String? { self }
}

extension SettingValue where Self: RawRepresentable<String> & CaseIterable {
  package static var isWord: Bool { true }
  package static var placeholder: String { allCases.map(\.rawValue).joined(separator: "|") }
  package init(settingText text: String) throws(SettingTextError) {
    guard let value = Self(rawValue: text) else { throw .unknown(choices: Self.allCases.map(\.rawValue)) }
    self = value
  }
  package var settingText: String? { rawValue }
}

extension Preprocessing: SettingValue {}
extension ColourSpace: SettingValue {}
extension DiscriminatorChoice: SettingValue {}
extension JitterSide: SettingValue {}
extension Direction: SettingValue {}
extension LabelSource: SettingValue {}
extension NormalizationKind: SettingValue {}
extension UpsamplingKind: SettingValue {}
extension InitializationKind: SettingValue {}
extension AdversarialLoss: SettingValue {}
extension LearningRatePolicy: SettingValue {}
extension Precision: SettingValue {}

extension GeneratorChoice: SettingValue {
  package static var isWord: Bool { true }
  package static var placeholder: String { "NAME" }
  package init(settingText text: String) throws(SettingTextError) {
    guard let choice = GeneratorChoice(text) else { throw .unknown(choices: Self.usualNames) }
    self = choice
  }
  package var settingText: String? { description }
}

extension Optional: SettingValue where Wrapped: SettingValue {
  package static func read(_ container: KeyedDecodingContainer<SettingKey>, _ key: SettingKey) throws -> Self? {
    try container.value(Wrapped.self, for: key).map(Self.some)
  }
  package static var placeholder: String { Wrapped.placeholder }
  /// `none` is no value, unless it is one by itself, as among normalisations.
  package init(settingText text: String) throws(SettingTextError) {
    do {
      self = try Wrapped(settingText: text)
    } catch {
      guard text == "none" else { throw error }
      self = .none
    }
  }
  package var settingText: String? { self?.settingText }
}
