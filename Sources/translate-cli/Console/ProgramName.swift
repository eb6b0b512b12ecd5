import Translate

/// The program from its arguments to its exit status.
enum Program {
  static let name = "translate-cli"
  static let version = PackageVersion.current
  /// The word before a command that asks for its help.
  static let helpWord = "help"
}
