import Foundation

/// The files of a training run.
public struct RunFolder: Sendable, Equatable {
  /// The folder, as the user named it.
  public var path: String

  /// The run in `path`.
  package init(_ path: String) { self.path = path }

  /// Every setting.
  package var configuration: String { file("config.json") }
  /// One row a step.
  package var losses: String { file("losses.csv") }
  /// One row for each evaluation on held-out images.
  package var metrics: String { file("metrics.csv") }
  /// One row for each sign that training goes wrong; not there where none was seen.
  package var alarms: String { file("alarms.csv") }
  /// Everything that resume needs.
  package var checkpoint: String { file("checkpoint.safetensors") }
  /// Where sample sheets lie.
  package var samples: String { file("samples") }

  /// Names of the files that may hold its generators, without extension: of a paired run, of an unpaired one.
  package static let generatorNames = ["generator"] + Direction.allCases.map { generatorName($0) }

  /// The name of an unpaired run's generator, without extension.
  package static func generatorName(_ direction: Direction) -> String { "generator_" + direction.rawValue }

  /// The generators that it holds, by their names.
  package var generators: [String] {
    Self.generatorNames.filter { FileManager.default.fileExists(atPath: weights($0)) }
  }

  /// The file of weights of that name.
  package func weights(_ name: String) -> String { file(name + ".safetensors") }

  /// A file of the run.
  package func file(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }

  /// Whether a run has been started here.
  package var holdsRun: Bool {
    [configuration, checkpoint, losses].contains(where: FileManager.default.fileExists(atPath:))
  }
}
