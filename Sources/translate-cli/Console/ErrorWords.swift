import Files

extension Phrase {
  /// What an option is called that gives a setting.
  static func option(_ setting: String) -> String { "--" + setting }

  /// The phrase for who types commands: settings are options there.
  var words: String { text(callingSettings: Self.option) }
}

extension FileError {
  /// The sentence for who types commands: settings are options there.
  var words: String { text(callingSettings: Phrase.option) }
}
