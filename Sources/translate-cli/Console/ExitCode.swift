/// How the program ends.
enum ExitCode: Int32, Sendable {
  /// All is done.
  case success = 0
  /// Something failed and was said.
  case failure = 1
  /// The command line was wrong.
  case usage = 2
  /// Ended by SIGHUP after saving: 128 + 1.
  case hungUp = 129
  /// Ended by SIGINT after saving: 128 + 2.
  case interrupted = 130
  /// Ended by SIGTERM after saving: 128 + 15.
  case terminated = 143
}
