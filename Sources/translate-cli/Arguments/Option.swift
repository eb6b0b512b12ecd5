import Foundation
import Images
import Parallel
import Translate

/// How an option stands on the command line.
enum OptionForm: Equatable, Sendable {
  /// `--name VALUE` or `--name=VALUE`; the placeholder stands for the value in help.
  case value(placeholder: String)
  /// `--name` alone.
  case flag
  /// `--name` or `--no-name`.
  case toggle
}

/// One option of a command: how it is written, what it means, and which property of `Target` it sets.
struct Option<Target>: Sendable {
  /// The name without the leading hyphens.
  let name: String
  let form: OptionForm
  /// What it means, for help: a phrase without a full stop.
  let help: String
  /// Whether the command cannot do without it.
  var isRequired = false
  /// Whether help names it; an option that is known only to be refused with its reason is not listed.
  var isListed = true
  /// The value that stands in `Target` already, as it would be written; nil where there is nothing to tell.
  let standard: @Sendable (Target) -> String?
  /// Reads the value (`true` and `false` for flags and toggles) into the target.
  let set: @Sendable (inout Target, String) throws(UsageError) -> Void

  /// The option as one of a larger command's, whose `part` it sets.
  func within<Whole>(_ part: WritableKeyPath<Whole, Target> & Sendable) -> Option<Whole> {
    Option<Whole>(
      name: name, form: form, help: help, isRequired: isRequired, isListed: isListed,
      standard: { standard($0[keyPath: part]) },
      set: { (whole: inout Whole, text: String) throws(UsageError) in try set(&whole[keyPath: part], text) })
  }
}

/// Options under a heading in help.
struct OptionGroup<Target>: Sendable {
  let title: String
  let options: [Option<Target>]

  /// The group as one of a larger command's, whose `part` it sets.
  func within<Whole>(_ part: WritableKeyPath<Whole, Target> & Sendable) -> OptionGroup<Whole> {
    OptionGroup<Whole>(title: title, options: options.map { $0.within(part) })
  }
}

// MARK: - The kinds of options

extension Option {
  /// `--name`, which sets `property`.
  static func flag(_ name: String, _ property: WritableKeyPath<Target, Bool> & Sendable, _ help: String) -> Option {
    Option(
      name: name, form: .flag, help: help, standard: { _ in nil },
      set: { target, _ in target[keyPath: property] = true })
  }

  /// A whole number within `range`.
  static func integer<Value: FixedWidthInteger & Sendable>(
    _ name: String, _ property: WritableKeyPath<Target, Value> & Sendable, in range: ClosedRange<Value>? = nil,
    placeholder: String = "N", _ help: String
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: placeholder), help: help, standard: { String($0[keyPath: property]) },
      set: { (target: inout Target, text: String) throws(UsageError) in
        target[keyPath: property] = try Self.wholeNumber(name, text, in: range)
      })
  }

  /// A whole number within `range`, where it is given at all.
  static func integer<Value: FixedWidthInteger & Sendable>(
    _ name: String, _ property: WritableKeyPath<Target, Value?> & Sendable, in range: ClosedRange<Value>? = nil,
    placeholder: String = "N", _ help: String
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: placeholder), help: help,
      standard: { $0[keyPath: property].map { "\($0)" } },
      set: { (target: inout Target, text: String) throws(UsageError) in
        target[keyPath: property] = try Self.wholeNumber(name, text, in: range)
      })
  }

  /// A number of bytes such as `4G` or `512M`, where it is given at all; `standard` says in help what holds otherwise.
  static func bytes(
    _ name: String, _ property: WritableKeyPath<Target, Int?> & Sendable, standard: String, _ help: String
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: "SIZE"), help: help, standard: { _ in standard },
      set: { (target: inout Target, text: String) throws(UsageError) in
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
        let unit = text.last.flatMap { units[Character($0.uppercased())] }
        guard let number = Int(unit == nil ? text[...] : text.dropLast()), number > 0,
          case let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1), !overflow, bytes <= 1 << 60
        else { throw .malformed(option: "--" + name, value: text, expected: "a size such as 4G or 512M") }
        target[keyPath: property] = bytes
      })
  }

  /// One of the cases of an enumeration, where it is given at all; `standard` says in help what holds otherwise.
  static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ property: WritableKeyPath<Target, Value?> & Sendable, standard: String? = nil, _ help: String
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: Value.names.joined(separator: "|")), help: help,
      standard: { $0[keyPath: property]?.rawValue ?? standard },
      set: { (target: inout Target, text: String) throws(UsageError) in
        target[keyPath: property] = try Self.choice(name, text)
      })
  }

  /// One of the values of a type, one of which holds unasked.
  static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ property: WritableKeyPath<Target, Value> & Sendable, _ help: String
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: Value.names.joined(separator: "|")), help: help,
      standard: { $0[keyPath: property].rawValue },
      set: { (target: inout Target, text: String) throws(UsageError) in
        target[keyPath: property] = try Self.choice(name, text)
      })
  }

  /// A text such as a path, which must not be empty.
  static func text(
    _ name: String, _ property: WritableKeyPath<Target, String> & Sendable, placeholder: String,
    isRequired: Bool = false, _ help: String
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: placeholder), help: help, isRequired: isRequired, standard: { _ in nil },
      set: { (target: inout Target, text: String) throws(UsageError) in
        guard !text.isEmpty else { throw .missingValue(option: "--" + name, placeholder: placeholder) }
        target[keyPath: property] = text
      })
  }

  /// A text such as a path, where it is given at all.
  static func text(
    _ name: String, _ property: WritableKeyPath<Target, String?> & Sendable, placeholder: String, _ help: String
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: placeholder), help: help, standard: { _ in nil },
      set: { (target: inout Target, text: String) throws(UsageError) in
        guard !text.isEmpty else { throw .missingValue(option: "--" + name, placeholder: placeholder) }
        target[keyPath: property] = text
      })
  }

  /// A part of a job: `I/N`, or what the scheduler says.
  static func shard(
    _ name: String, _ property: WritableKeyPath<Target, Shard?> & Sendable, _ help: String
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: "I/N|auto"), help: help, standard: { _ in nil },
      set: { (target: inout Target, text: String) throws(UsageError) in
        let environment = ProcessInfo.processInfo.environment
        do {
          target[keyPath: property] = try text == "auto" ? Shard(environment: environment) : Shard(text)
        } catch {
          throw .malformed(option: "--" + name, value: text, expected: "a part: \(error)")
        }
        guard target[keyPath: property] != nil else {
          throw .malformed(
            option: "--" + name, value: text, expected: "I/N with I from 1 to N, such as 3/16, or auto")
        }
      })
  }

  private static func wholeNumber<Value: FixedWidthInteger>(
    _ name: String, _ text: String, in range: ClosedRange<Value>?
  ) throws(UsageError) -> Value {
    guard let value = Value(text), range?.contains(value) ?? true else {
      throw .notAnInteger(
        option: "--" + name, value: text, range: range.map { "from \($0.lowerBound) to \($0.upperBound)" })
    }
    return value
  }

  private static func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ text: String
  ) throws(UsageError) -> Value {
    guard let value = Value(rawValue: text) else {
      throw .unknownChoice(option: "--" + name, value: text, choices: Value.names)
    }
    return value
  }
}

extension RawRepresentable<String> where Self: CaseIterable {
  /// The raw values in the order of declaration.
  static var names: [String] { allCases.map(\.rawValue) }
}

// MARK: - Options that several commands have

extension Option {
  /// The limit on the area of images, which every command that reads them has.
  static func maxPixels(_ property: WritableKeyPath<Target, Int> & Sendable) -> Option {
    .integer("max-pixels", property, in: ImageLimit.range, ImageLimit.help)
  }

  /// The limit on the header of a safetensors file, which every command that reads them has.
  static func maxHeader(_ property: WritableKeyPath<Target, Int> & Sendable) -> Option {
    .integer(
      "max-header", property, in: 1...(1 << 34), placeholder: "BYTES", "refuse safetensors files with a longer header")
  }

  /// Which of the weights that a run keeps, which every command has that takes a run for its generator.
  static func weights(_ name: String, _ property: WritableKeyPath<Target, RunWeights?> & Sendable) -> Option {
    Option(
      name: name, form: .value(placeholder: "latest|best|EPOCH"), help: "which of the weights that a run keeps",
      standard: { _ in RunWeights.latest.description },
      set: { (target: inout Target, text: String) throws(UsageError) in
        guard let weights = RunWeights(text) else {
          throw .malformed(option: "--" + name, value: text, expected: "latest, best or the number of an epoch")
        }
        target[keyPath: property] = weights
      })
  }

  /// The state dict in a file with several, which every command has that takes a file of weights.
  static func part(_ property: WritableKeyPath<Target, String?> & Sendable) -> Option {
    .text("part", property, placeholder: "KEY", "the state dict that is meant in a .pth that holds several")
  }

  /// Threads of commands that use networks and train none.
  static func threads(_ property: WritableKeyPath<Target, Int?> & Sendable) -> Option {
    .integer("threads", property, in: WorkerPool.threadCounts, "threads that compute [one a core]")
  }

  /// Says nothing but errors and warnings.
  static func quiet(_ property: WritableKeyPath<Target, Bool> & Sendable) -> Option {
    .flag("quiet", property, "say nothing but errors and warnings")
  }
}
