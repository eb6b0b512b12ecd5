import Files
import Foundation
import Pages
import Translate

/// The pages that show training runs: `RUN/index.html`, and several runs side by side.
///
/// A page is one file without styles or fonts from elsewhere, and whole without its script; it shows the sample sheets from
/// the run folders, to which its links are relative.
package enum Report {
  /// The name of the page in a run folder.
  package static let fileName = "index.html"
  /// The name of a comparison in the folder of the first of its runs.
  package static let comparisonName = "comparison.html"

  /// Writes the page of `runFolder` from what lies there: config.json, losses.csv, metrics.csv, alarms.csv, samples/*.png,
  /// what the best weights and the checkpoint say of themselves. Only without settings there is none; of everything else
  /// that is damaged the page says so.
  ///
  /// - Parameters:
  ///   - place: where it goes; nil: into the run folder
  ///   - isTraining: whether training goes on; nil: as the folder's lock says
  ///   - peakMemory: the most bytes that the training had; nil: as the page says that is there
  /// - Returns: where it is
  /// - Throws: a `FileError` where config.json is no such file, or the page cannot be written.
  @discardableResult
  package static func write(
    runFolder: String, to place: String? = nil, isTraining: Bool? = nil, peakMemory: Int? = nil
  ) throws -> String {
    let home = (runFolder as NSString).appendingPathComponent(fileName)
    let path = place ?? home
    if place != nil { try Page.requireReplaceable(path) }
    var page = ReportPage(run: try RunRecord(runFolder, isTraining: isTraining))
    page.base = base(from: path, to: runFolder)
    // A page that is written later, by another process, still knows it.
    page.peakMemory = [peakMemory, Page.number(ReportPage.peakMemoryFact, in: home)].compactMap(\.self).max()
    page.time = time
    try AtomicFile.write(Data(page.html.utf8), to: path)
    return path
  }

  /// Writes a page that lays `runFolders` side by side.
  ///
  /// - Parameter place: where it goes; nil: into the first run's folder
  /// - Returns: where it is
  /// - Throws: a `FileError` where one of them is no run, or the page cannot be written.
  package static func writeComparison(of runFolders: [String], to place: String? = nil) throws -> String {
    let path = place ?? ((runFolders.first ?? ".") as NSString).appendingPathComponent(comparisonName)
    try Page.requireReplaceable(path)
    var page = ComparisonPage(
      runs: try runFolders.map { (try RunRecord($0), base(from: path, to: $0)) }, version: PackageVersion.current)
    page.time = time
    try AtomicFile.write(Data(page.html.utf8), to: path)
    return path
  }

  /// The path from the folder of the page at `path` to `folder`, as a beginning of paths.
  private static func base(from path: String, to folder: String) -> String {
    let here = (path as NSString).deletingLastPathComponent
    let way = PageLink.relativePath(from: here.isEmpty ? "." : here, to: folder)
    return way.isEmpty ? "" : way + "/"
  }

  private static var time: String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyy-MM-dd HH:mm"
    return format.string(from: Date())
  }
}
