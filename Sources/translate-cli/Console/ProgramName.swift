import Translate

/// The program from its arguments to its exit status.
enum Program {
  static let name = "translate-cli"
  static let version = PackageVersion.current
}
