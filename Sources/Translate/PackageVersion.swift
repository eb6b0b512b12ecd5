/// The version of this package, as `--version` prints it and files carry it.
public enum PackageVersion {
  /// Major, minor, patch.
  public static let current = "0.1.0"
}
