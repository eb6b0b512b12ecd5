import Files
import Foundation

/// The page that shows a training run: `RUN/index.html`.
package enum Report {
  /// The name of the page in a run folder.
  package static let fileName = "index.html"

  /// Writes the page of `runFolder` from its config.json, losses.csv, metrics.csv (step, epoch, l1, psnr, ssim; where it
  /// exists), samples/*.png, and what checkpoint.safetensors says of damaged pictures. The page is one file without scripts, styles or fonts from elsewhere; it shows the
  /// samples from the folder beside it.
  ///
  /// - Throws: a `FileError` where config.json or a table is no such file, or the page cannot be written.
  package static func write(runFolder: String) throws {
    let folder = runFolder as NSString
    let page = ReportPage(
      title: (folder.standardizingPath as NSString).lastPathComponent,
      run: try RunDescription.read(runFolder: runFolder),
      losses: try History(path: folder.appendingPathComponent("losses.csv")),
      metrics: try History(path: folder.appendingPathComponent("metrics.csv")),
      samples: sampleNames(in: folder.appendingPathComponent("samples")),
      leftOut: Checkpoint.leftOut(folder.appendingPathComponent("checkpoint.safetensors")))
    try AtomicFile.write(Data(page.html.utf8), to: folder.appendingPathComponent(fileName))
  }

  /// The sample sheets, newest (highest number) first.
  private static func sampleNames(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { !$0.hasPrefix(".") && $0.lowercased().hasSuffix(".png") }
      .sorted { $1.compare($0, options: .numeric) == .orderedAscending }
  }
}
