import Files
import Foundation
import NeuralNet
import Parallel

/// What the first of several ranks tells the others. All that is decided in a run is decided there: these do as they are
/// told, one order after the other, so that none of them ever waits for something that another has given up.
enum RankOrder: Codable {
  /// Build what the run is made of, and report.
  case begin(RankTask)
  /// Do a step on the batch at hand, of which each rank has so many pictures; then load the next one, and report.
  case step(images: [Int], learningRate: Double)
  /// Report, and send the moments.
  case gather
  /// It is over.
  case end
}

/// What a run is made of.
struct RankTask: Codable {
  var configuration: TrainingConfiguration
  /// The data folder, as an absolute path.
  var data: String
  /// The checkpoint that it goes on with, as an absolute path; nil: it is new.
  var checkpoint: String?
  /// Whether there may be another number of pictures than in the checkpoint.
  var mayChange = false
  /// Parts of the loss that ranks take in turn.
  var parts = 1
}

/// What the other ranks tell the first.
struct RankReport: Codable {
  /// Of the weights of each network, where they were asked for.
  var digests: [UInt64] = []
  /// Pictures of the next batch that are here.
  var images = 0
  /// Their sizes, inputs before targets.
  var sizes: [Size] = []
  /// Where the sampler stands behind it.
  var epoch = 0
  var position = 0
  /// Pictures that were left out of it.
  var leftOut: [Problem] = []
  /// The losses of the last step, by their bits: they may be no numbers.
  var losses: [UInt64] = []
  /// What keeps this rank from going on.
  var failure: Problem?

  /// The one size of some pictures, and the path of the first of them.
  struct Size: Codable {
    var width: Int
    var height: Int
    var path: String?

    /// The sizes of the pictures in `batch`, inputs before targets.
    static func all(of batch: Batch) -> [Size] {
      [(batch.input, batch.inputPaths), (batch.target, batch.targetPaths)].map {
        Size(width: $0.width, height: $0.height, path: $1.first)
      }
    }
  }

  /// An error, as far as it can be told.
  struct Problem: Codable {
    var path: String?
    var problem: String
    var advice: String?

    init(_ error: any Error) {
      guard let error = error as? FileError else {
        problem = "\(error)"
        return
      }
      (path, problem, advice) = (error.path, error.problem, error.advice?.description)
    }

    var error: FileError { FileError(path: path, problem: problem, advice: advice.map { Phrase(stringLiteral: $0) }) }
  }
}

extension RankLink {
  func tell(_ message: some Encodable, to rank: Int) throws {
    try sendMessage(try JSONEncoder().encode(message), to: rank)
  }

  func hear<Message: Decodable>(_ type: Message.Type, from rank: Int) throws -> Message {
    let data = try receiveMessage(from: rank)
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw FileError(
        path: nil, problem: "rank \(rank) speaks of something that rank \(self.rank) does not know",
        advice: "run the same version of the program everywhere")
    }
  }
}

extension RankGroup {
  /// The part of each batch that this rank takes.
  var batchPart: BatchPart {
    let peers = Array(peers(of: link.rank))
    return BatchPart(index: peers.firstIndex(of: link.rank) ?? 0, count: peers.count)
  }
}

extension TrainingConfiguration {
  /// The settings of a model that sees a part of each batch.
  func part(_ part: BatchPart?) -> TrainingConfiguration {
    guard let part else { return self }
    var configuration = self
    configuration.batchSize = part.most(of: batchSize)
    return configuration
  }
}

/// A file that is there for a moment: what is sent of a part of the loss is read as checkpoints are.
enum PartFile {
  /// Calls `body` with a path at which nothing lies before and after.
  static func with<Result>(_ body: (String) throws -> Result) rethrows -> Result {
    let path = (NSTemporaryDirectory() as NSString).appendingPathComponent("translate-\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }
}
