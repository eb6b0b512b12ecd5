import Files
/// A setting that cannot be, as data: its name, what is wrong, what to do.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The setting at fault, as `crop-size`.
  public var setting: String
  /// What is wrong with it.
  public var problem: Phrase
  /// What to do about it.
  public var advice: Phrase

  /// An error about `setting`; `problem` and `advice` without a full stop at their ends.
  public init(setting: String, problem: Phrase, advice: Phrase) {
    self.setting = setting
    self.problem = problem
    self.advice = advice
  }

  /// One sentence without a full stop, `setting problem; advice`, where a setting is called what `name` makes of its
  /// name.
  public func text(callingSettings name: (String) -> String) -> String {
    "\(name(setting)) \(problem.text(callingSettings: name)); \(advice.text(callingSettings: name))"
  }

  /// The sentence with the names of settings as plain words: `crop size is 0; give 1 to 16384`.
  public var description: String { text(callingSettings: Phrase.plain) }
}
