import Foundation
import Testing
@testable import DemoData
@testable import Files
@testable import Training

/// A temporary folder with a small data set, for whole runs.
final class TrainingScene {
  let folder: URL
  let data: String

  init(_ algorithm: TrainingAlgorithm, count: Int = 7) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("session-\(UUID().uuidString)")
    data = folder.appendingPathComponent("data").path
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    switch algorithm.data {
    case .pairs, .oneSet: try DemoData.writePaired(to: data, count: count, size: 64, seed: 3)
    case .twoSets: try DemoData.writeUnpaired(to: data, count: count, size: 64, seed: 3)
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func run(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// The path of the picture `index`, counted from 0, in a folder of the data.
  func picture(_ part: String, _ index: Int) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(data)/\(part)")
    return "\(data)/\(part)/" + NaturalOrder.sorted(names) { $0 }[index]
  }

  /// Cuts a picture off behind its header; whoever mends it gives the bytes back to `write`.
  @discardableResult func cut(_ path: String) throws -> Data {
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    try write(whole.prefix(whole.count / 2), to: path)
    return whole
  }

  func write(_ bytes: Data, to path: String) throws { try bytes.write(to: URL(fileURLWithPath: path)) }

  static func configuration(_ algorithm: TrainingAlgorithm) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(algorithm)
    configuration.generator = algorithm == .unpaired ? .resnet(blocks: 2) : .unet(levels: 5)
    configuration.ngf = 4
    configuration.ndf = 4
    configuration.loadSize = 40
    configuration.cropSize = 32
    configuration.poolSize = 3
    configuration.dropout = true
    configuration.sampleEvery = 1000
    configuration.threads = 2
    if algorithm == .enlarge {
      configuration.factor = 2
      configuration.blocks = 2
      configuration.batchSize = 1
      // The discriminator begins on the way.
      configuration.lambdaGAN = 0.001
      configuration.pixelSteps = 3
    }
    return configuration
  }

  /// Everything of a run that must be equal, byte by byte.
  struct Result: Equatable {
    /// The latest, the best and those of epochs, by the names of their files.
    var generators: [String: Data] = [:]
    /// The checkpoint, metadata included: it knows no times and no paths.
    var checkpoint = Data()
    /// Losses without the seconds.
    var losses: [String] = []
    var metrics: String?
  }

  func result(_ name: String) throws -> Result {
    let run = run(name)
    return Result(
      generators: try FileManager.default.contentsOfDirectory(atPath: run)
        .filter { $0.hasPrefix("generator") }.reduce(into: [:]) {
          $0[$1] = try Data(contentsOf: URL(fileURLWithPath: "\(run)/\($1)"))
        },
      checkpoint: try Self.checkpoint(run), losses: try Self.losses(run),
      metrics: try? String(contentsOfFile: run + "/metrics.csv", encoding: .utf8))
  }

  /// A checkpoint byte by byte, metadata included: it knows no times and no paths.
  static func checkpoint(_ run: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: run + "/checkpoint.safetensors"))
  }

  /// Losses without the seconds.
  static func losses(_ run: String) throws -> [String] {
    try String(contentsOfFile: run + "/losses.csv", encoding: .utf8).split(separator: "\n").map {
      var fields = $0.split(separator: ",")
      fields.remove(at: fields.count - 2)
      return fields.joined(separator: ",")
    }
  }
}

/// Asks for a stop after so many steps.
func stopping(after count: Int) -> () -> Bool {
  var steps = 0
  return {
    steps += 1
    return steps == count
  }
}
