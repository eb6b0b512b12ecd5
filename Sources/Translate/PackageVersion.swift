/// The version of this package, as `--version` prints it and files carry it.
package enum PackageVersion {
  /// Major, minor, patch.
  package static let current = "0.1.0"
}
