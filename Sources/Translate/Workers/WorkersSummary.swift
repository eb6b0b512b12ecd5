import Files
import Foundation
import Images

/// What all workers on one output folder have done, and what is left.
public struct WorkersSummary: Sendable {
  /// Pictures that there are to translate.
  public var total = 0
  /// Those whose translation is there, whoever has made it.
  public var present = 0
  /// Those that a worker could not translate, and nobody has since.
  public var failures: [WorkerRecord.Failure] = []
  /// Pictures without a translation, beside the failures…
  public var missing = 0
  /// …and the first of them.
  public var firstMissing: [String] = []
  /// What each worker did, in the order in which they began.
  public var workers: [WorkerRecord] = []
  /// Records that cannot be read.
  public var unreadable: [FileError] = []
  /// Whether workers of a claimed job are at it, or died at it.
  public var hasClaims = false

  /// Whether every picture has its translation and nobody failed.
  public var isComplete: Bool { missing == 0 && failures.isEmpty }

  /// Missing pictures that are named.
  static let namedMissing = 100
}

extension FolderTranslation {
  /// Adds up what all workers on the output folder have done, whatever they call the machines' folders, and looks what is
  /// missing of the translations of the input. Nothing is written.
  ///
  /// - Throws: `FileError` as `run`
  public func workersSummary(_ translator: Translator) throws -> WorkersSummary {
    try requireLabels(of: translator)
    var all = self
    // All parts, and beside what is there: an output folder inside of the input folder is left out.
    (all.shard, all.skipsExisting) = (nil, true)
    var summary = WorkersSummary()
    var failed: [String: [(failure: WorkerRecord.Failure, started: Date)]] = [:]
    let folder = (output as NSString).appendingPathComponent(WorkerRecord.folderName)
    for name in NaturalOrder.sorted((try? FolderListing.names(in: folder)) ?? [], by: { $0 })
    where name.hasSuffix(".json") && !name.hasPrefix(".") {
      let path = (folder as NSString).appendingPathComponent(name)
      do {
        let record = try WorkerRecord(reading: path)
        summary.workers.append(record)
        for failure in record.failures {
          // By its name: the input may have another path on another machine.
          let key = ((failure.path ?? "") as NSString).lastPathComponent
          failed[key, default: []].append((failure, record.started))
        }
      } catch let error as FileError {
        summary.unreadable.append(error)
      }
    }
    for item in try all.items() {
      summary.total += 1
      let key = (item.source as NSString).lastPathComponent
      let failure = failed[key]?.last { Self.isSame($0.failure.path, item) }
      if let made = Self.changed(item.target) {
        summary.present += 1
        // What was there before a worker began, and failed to make it anew, is of an earlier command.
        if let (failure, started) = failure, made < started { summary.failures.append(failure) }
      } else if let failure {
        summary.failures.append(failure.failure)
      } else {
        summary.missing += 1
        if summary.firstMissing.count < WorkersSummary.namedMissing { summary.firstMissing.append(item.source) }
      }
    }
    summary.hasClaims = FolderListing.isFolder((output as NSString).appendingPathComponent(ClaimFolder.name))
    return summary
  }

  /// Whether a failure's path ends as the picture's does below the input folder.
  private static func isSame(_ path: String?, _ item: Item) -> Bool {
    guard let path else { return false }
    if path == item.source { return true }
    let name = item.name + "." + (item.source as NSString).pathExtension
    return path == name || path.hasSuffix("/" + name)
  }

  private static func changed(_ path: String) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }
}
