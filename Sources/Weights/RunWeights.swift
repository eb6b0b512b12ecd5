/// Which of the weights that a training run keeps of a generator.
public enum RunWeights: Sendable, Equatable {
  /// Those of its last save.
  case latest
  /// Those with the best held-out figure.
  case best
  /// Those at the end of an epoch, from 1, where the run keeps them.
  case epoch(Int)

  /// The weights that `text` means: `latest`, `best` or the number of an epoch; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "latest": self = .latest
    case "best": self = .best
    default:
      guard let epoch = Int(text), epoch > 0 else { return nil }
      self = .epoch(epoch)
    }
  }

  /// The name of the file that holds them of the generator `name`, without extension.
  package func fileName(of name: String) -> String {
    switch self {
    case .latest: name
    case .best: RunFolder.bestName(name)
    case .epoch(let epoch): RunFolder.snapshotName(name, epoch: epoch)
    }
  }
}

extension RunWeights: CustomStringConvertible {
  /// As `init(_:)` reads it.
  public var description: String {
    switch self {
    case .latest: "latest"
    case .best: "best"
    case .epoch(let epoch): String(epoch)
    }
  }
}
