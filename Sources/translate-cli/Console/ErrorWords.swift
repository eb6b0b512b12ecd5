import Files

extension FileError {
  /// The sentence for who has typed a command: behind it, the options that `advice` is about.
  var words: String {
    settings.isEmpty ? description : "\(self) (\(settings.map(\.option).joined(separator: ", ")))"
  }
}

extension FileError.Setting {
  /// The option that sets it.
  var option: String {
    switch self {
    case .output: "--out"
    case .recursive: "--recursive"
    case .skipsExisting: "--skip-existing"
    case .direction: "--direction"
    case .filters: "--ngf"
    }
  }
}
