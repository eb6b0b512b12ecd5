import Files
import Training

/// From a setting of training to an option of the command line: what a setting is, `Settings` alone knows.
///
/// Only its form is checked here; which values are possible is known to `TrainingConfiguration.validate()`.
extension Option<TrainingConfiguration> {
  init(_ setting: Setting) {
    self.init(
      name: setting.name, form: OptionForm(setting.form), help: setting.help.words,
      standard: { configuration in
        if setting.form == .flag { return nil }
        return setting.text(configuration) ?? setting.standard?.words
      },
      set: { (configuration: inout TrainingConfiguration, text: String) throws(UsageError) in
        try setting.set(&configuration, written: text)
      })
  }
}

extension OptionForm {
  init(_ form: Setting.Form) {
    switch form {
    case .value(let placeholder): self = .value(placeholder: placeholder)
    case .flag: self = .flag
    case .toggle: self = .toggle
    }
  }
}

extension Setting {
  /// Sets what stands on the command line; flags and toggles as `true` and `false`.
  func set(_ configuration: inout TrainingConfiguration, written text: String) throws(UsageError) {
    let isSwitch = form == .flag || form == .toggle
    do {
      try set(&configuration, isSwitch ? (text == "true" ? "on" : "off") : text)
    } catch {
      throw UsageError(error, option: "--" + name, value: text, form)
    }
  }
}

extension UsageError {
  /// What is said of a text that is no value of an option.
  fileprivate init(_ error: SettingTextError, option: String, value: String, _ form: Setting.Form) {
    switch error {
    case .noInteger: self = .notAnInteger(option: option, value: value, range: nil)
    case .noNumber: self = .notANumber(option: option, value: value)
    case .noSwitch: self = .unknownChoice(option: option, value: value, choices: ["on", "off"])
    case .unknown(let choices): self = .unknownChoice(option: option, value: value, choices: choices)
    case .empty:
      if case .value(let placeholder) = form {
        self = .missingValue(option: option, placeholder: placeholder)
      } else {
        self = .missingValue(option: option, placeholder: "")
      }
    }
  }

}

/// The options of training, by their headings in help.
enum TrainingOptions {
  typealias Group = OptionGroup<TrainingConfiguration>

  /// All that an algorithm has.
  static func groups(for algorithm: TrainingAlgorithm) -> [Group] {
    algorithm.settings.reduce(into: []) { groups, next in
      let options = next.settings.map { Option<TrainingConfiguration>($0) }
      if let last = groups.last, last.title == next.heading {
        groups[groups.count - 1] = Group(title: last.title, options: last.options + options)
      } else {
        groups.append(Group(title: next.heading, options: options))
      }
    }
  }
}

extension TrainingConfiguration {
  /// Refuses settings that cannot be, and options of `given` that would have no effect, as errors of the command line.
  ///
  /// - Parameter ranks: how many train
  func validateForCommandLine(_ given: Set<String>, ranks: Int = 1) throws(UsageError) {
    if let first = withoutEffect(given, ranks: ranks).first {
      throw .needs(option: Phrase.option(first.setting), other: first.needs.words)
    }
    do {
      try validate()
    } catch {
      throw .impossible(error)
    }
  }
}

/// Settings that a run is to go on with, or that differ from an algorithm's defaults.
struct SettingChanges: Sendable {
  private var written: [(name: String, text: String)] = []

  /// The options for all settings; those that cannot change on the way are not listed, but refused with their reason.
  static var options: [Option<SettingChanges>] {
    options(for: Settings.all, help: \.resumingHelp) { $0.mayChangeOnResume }
  }

  /// Options for some settings.
  static func options(
    for settings: [Setting], help: KeyPath<Setting, Phrase>, isListed: (Setting) -> Bool = { _ in true }
  ) -> [Option<SettingChanges>] {
    settings.map { setting in
      Option<SettingChanges>(
        name: setting.name, form: OptionForm(setting.form), help: setting[keyPath: help].words,
        isListed: isListed(setting),
        standard: { _ in nil },
        set: { (changes: inout SettingChanges, text: String) throws(UsageError) in
          try Self.requireReadable(text, of: setting)
          changes.written.append((setting.name, text))
        })
    }
  }

  /// Refuses a text that no algorithm's setting of that name can have; which algorithm it is for is known later.
  private static func requireReadable(_ text: String, of setting: Setting) throws(UsageError) {
    func canBeRead(_ candidate: Setting) -> Bool {
      var trial = TrainingConfiguration.paired
      return (try? candidate.set(&trial, written: text)) != nil
    }
    let candidates = TrainingAlgorithm.registered.flatMap(\.allSettings).filter { $0.name == setting.name }
    guard !candidates.contains(where: canBeRead) else { return }
    var trial = TrainingConfiguration.paired
    try setting.set(&trial, written: text)
  }

  /// Makes the changes.
  func apply(to configuration: inout TrainingConfiguration) {
    for change in written {
      // One of another algorithm is set, too: that it does not belong here is said where settings are compared.
      let setting = (configuration.algorithm.allSettings + Settings.all).first { $0.name == change.name }
      try? setting?.set(&configuration, written: change.text)
    }
  }
}

extension Option {
  /// An algorithm of training by its name, where it is given at all.
  static func algorithm(
    _ name: String, _ property: WritableKeyPath<Target, TrainingAlgorithm?> & Sendable, standard: String,
    _ help: String
  ) -> Option {
    let form = Setting.Form.value(placeholder: TrainingAlgorithm.placeholder)
    return Option(
      name: name, form: OptionForm(form), help: help, standard: { $0[keyPath: property]?.name ?? standard },
      set: { (target: inout Target, text: String) throws(UsageError) in
        do throws(SettingTextError) {
          target[keyPath: property] = try TrainingAlgorithm(settingText: text)
        } catch {
          throw UsageError(error, option: "--" + name, value: text, form)
        }
      })
  }
}
