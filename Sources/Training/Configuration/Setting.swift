import Files
/// All that there is to know of one setting of a training run, declared once: reading and writing config.json, checking,
/// options, help and what may change on resume follow from it.
///
/// Its default is what its property of `TrainingConfiguration` begins with, and what an algorithm says otherwise.
package struct Setting: Sendable {
  /// How a setting is given where there are words for it.
  package enum Form: Sendable, Equatable {
    /// With a value, for which the placeholder stands in help.
    case value(placeholder: String)
    /// Named or not: off unless it is given.
    case flag
    /// Switched on or off.
    case toggle
  }

  /// Whether a run may go on with another value.
  package enum Resuming: Sendable {
    /// No: what comes out would not be that of one run.
    case fixed
    case mayChange
    /// Yes, and it means a little more there than at the start.
    case mayChangeMeaning(Phrase)
  }

  /// Something without which a setting has no effect.
  package struct Condition: Sendable {
    /// What it is called: "has no effect without …".
    package let name: Phrase
    /// Whether it holds where so many ranks train, or the setting is such that there is nothing to have an effect.
    package let holds: @Sendable (TrainingConfiguration, _ ranks: Int) -> Bool
  }

  /// In kebab case; its key in config.json has underscores.
  package let name: String
  /// What it means: a phrase without a full stop.
  package let help: Phrase
  package let form: Form
  /// What holds where no value is given, for help; nil where a value always is.
  package let standard: Phrase?
  package let resuming: Resuming
  /// Whether it says which pictures can be read, and how: what a check of a data folder asks for.
  package let concernsPictures: Bool
  /// The other setting's value without which this one has no effect.
  package let onlyWith: (setting: String, value: String)?
  /// What else it has no effect without.
  package let conditions: [Condition]

  /// The value in a configuration as a person writes it; nil where there is none.
  package let text: @Sendable (TrainingConfiguration) -> String?
  /// Sets the value that a person has written.
  package let set: @Sendable (inout TrainingConfiguration, String) throws(SettingTextError) -> Void
  let isEqual: @Sendable (TrainingConfiguration, TrainingConfiguration) -> Bool
  let check: @Sendable (TrainingConfiguration) throws(ConfigurationError) -> Void
  let read: @Sendable (inout TrainingConfiguration, KeyedDecodingContainer<SettingKey>) throws -> Void
  let write: @Sendable (TrainingConfiguration, inout KeyedEncodingContainer<SettingKey>) throws -> Void

  /// A setting that is kept in `property`.
  package init<Value: SettingValue>(
    _ name: String, _ property: WritableKeyPath<TrainingConfiguration, Value> & Sendable, _ help: Phrase,
    limits: SettingLimits<Value> = .none, form: Form? = nil, placeholder: String? = nil, standard: Phrase? = nil,
    resuming: Resuming = .fixed, concernsPictures: Bool = false, onlyWith: (setting: String, value: String)? = nil,
    conditions: [Condition] = []
  ) {
    self.name = name
    self.help = help
    self.form = form ?? (Value.self == Bool.self ? .flag : .value(placeholder: placeholder ?? Value.placeholder))
    self.standard = standard
    self.resuming = resuming
    self.concernsPictures = concernsPictures
    self.onlyWith = onlyWith
    self.conditions = conditions
    let key = SettingKey(setting: name)
    text = { $0[keyPath: property].settingText }
    set = { (configuration, text) throws(SettingTextError) in
      configuration[keyPath: property] = try Value(settingText: text)
    }
    isEqual = { $0[keyPath: property] == $1[keyPath: property] }
    check = { (configuration) throws(ConfigurationError) in
      guard let refusal = limits.refusal(configuration[keyPath: property]) else { return }
      throw ConfigurationError(setting: name, problem: refusal.problem, advice: refusal.advice)
    }
    read = { configuration, container in
      if let value = try Value.read(container, key) { configuration[keyPath: property] = value }
    }
    write = { configuration, container in try container.encode(configuration[keyPath: property], forKey: key) }
  }

  /// Whether a run may go on with another value.
  package var mayChangeOnResume: Bool {
    if case .fixed = resuming { false } else { true }
  }

  /// What it means where a run goes on.
  package var resumingHelp: Phrase {
    if case .mayChangeMeaning(let help) = resuming { help } else { help }
  }
}

/// Settings that belong together in help.
package struct SettingGroup: Sendable {
  package let heading: String
  /// Whether they decide what a run takes of memory and disk: a check of a data folder asks for them, too.
  package let concernsSize: Bool
  package var settings: [Setting]

  package init(_ heading: String, concernsSize: Bool = false, _ settings: [Setting]) {
    self.heading = heading
    self.concernsSize = concernsSize
    self.settings = settings
  }
}

/// A setting's key in config.json: its name with underscores.
package struct SettingKey: CodingKey {
  package let stringValue: String
  package var intValue: Int? { nil }

  init(setting name: String) { stringValue = String(name.map { $0 == "-" ? "_" : $0 }) }
  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}
