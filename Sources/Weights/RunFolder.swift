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

  /// The name of the file with the best weights of the generator `name`, without extension.
  package static func bestName(_ name: String) -> String { name + "_best" }

  /// The name of the file with the weights of the generator `name` after an epoch, without extension.
  package static func snapshotName(_ name: String, epoch: Int) -> String { name + snapshotMark + String(epoch) }

  private static let snapshotMark = "_epoch_"

  /// Where the best weights of the generator `name` wait for the checkpoint that knows of them.
  package func pendingBest(_ name: String) -> String { file("." + Self.bestName(name) + ".pending") }

  /// The epochs whose weights of the generator `name` it keeps, in their order.
  package func snapshots(of name: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.compactMap { file in
      guard file.hasPrefix(name + Self.snapshotMark), let dot = file.lastIndex(of: "."),
        let epoch = Int(file[..<dot].dropFirst(name.count + Self.snapshotMark.count)),
        file == Self.snapshotName(name, epoch: epoch) + ".safetensors"
      else { return nil }
      return epoch
    }.sorted()
  }

  /// The weights that it holds of the generator `name`.
  package func kept(of name: String) -> [RunWeights] {
    let fixed = [RunWeights.latest, .best].filter {
      FileManager.default.fileExists(atPath: weights($0.fileName(of: name)))
    }
    return fixed + snapshots(of: name).map { .epoch($0) }
  }

  /// The names of all its files of generators' weights, without extension: those of each generator one after another.
  package var weightNames: [String] {
    Self.generatorNames.flatMap { name in kept(of: name).map { $0.fileName(of: name) } }
  }

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
