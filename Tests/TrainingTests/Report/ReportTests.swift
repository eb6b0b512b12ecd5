import Foundation
import Testing
@testable import Files
@testable import Training
@testable import Weights

/// A run folder that goes away with its holder.
private final class RunFolder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("report-tests-" + UUID().uuidString)

  init(_ files: [String: String]) throws {
    try FileManager.default.createDirectory(
      at: url.appendingPathComponent("samples"), withIntermediateDirectories: true)
    for (name, text) in files { try Data(text.utf8).write(to: url.appendingPathComponent(name)) }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func page() throws -> String {
    try Report.write(runFolder: url.path)
    return try String(contentsOf: url.appendingPathComponent("index.html"), encoding: .utf8)
  }

  func history(_ name: String) throws -> History? { try History(path: url.appendingPathComponent(name).path) }
}

struct HistoryTests {
  @Test func rowsAreKeptWhileTheyAreFew() throws {
    let run = try RunFolder([
      "losses.csv": "step,epoch,G, D ,seconds\n1,1,2.5,1e-3,0.5\n2, 1, 3.5,nan,0.5\r\n3,2,-1,4,0.6\n"
    ])
    let history = try #require(try run.history("losses.csv"))
    #expect(history.columns == ["G", "D", "seconds"])
    #expect(history.rows == 3 && history.lastStep == 3 && history.lastEpoch == 2 && history.skippedLines == 0)
    #expect(history.buckets.map(\.firstStep) == [1, 2, 3])
    #expect(history.buckets.map { $0.values[0].mean } == [2.5, 3.5, -1])
    #expect(history.buckets.map { $0.values[1].count } == [1, 0, 1])
    #expect(history.epochStarts.map(\.epoch) == [1, 2] && history.epochStarts.map(\.step) == [1, 3])
    #expect(try run.history("metrics.csv") == nil)
  }

  @Test func whatIsNoRowIsPassedOver() throws {
    let long = String(repeating: "7", count: 70_000)
    let lines = [
      "step,epoch,G", "1,1,1", "garbage", "2,1", "2,1,2,3", "1,1,9", "-5,1,9", "9e9,1,9", ",,", long + ",1,1", "3,x,3",
      "4,1,",
      "99999999999999999999999,1,1", "5000000000000,1,1", "5,1,inf", "6,1,1e200", "7,1,7", "8,1,8 is not whole",
    ]
    let run = try RunFolder(["losses.csv": lines.joined(separator: "\n")])
    let history = try #require(try run.history("losses.csv"))
    #expect(history.rows == 6)
    #expect(history.buckets.map(\.lastStep) == [1, 3, 4, 5, 6, 7])
    #expect(history.buckets.compactMap { $0.values[0].count > 0 ? $0.values[0].mean : nil } == [1, 3, 7])
    #expect(history.skippedLines == 10)
  }

  @Test func manyRowsAreThinned() throws {
    let count = 100_000
    let text = "step,epoch,G\n" + (1...count).map { "\($0),\(($0 + 9) / 10),\($0 == 777 ? -5 : 1)\n" }.joined()
    let run = try RunFolder(["losses.csv": text])
    let history = try #require(try run.history("losses.csv"))
    #expect(history.rows == count && history.lastStep == count && history.lastEpoch == count / 10)
    #expect(history.buckets.count <= 1024 && history.buckets.count > 400)
    #expect(history.buckets.map(\.rows).reduce(0, +) == count)
    #expect(history.buckets.map { $0.values[0].sum }.reduce(0, +) == Double(count - 6))
    #expect(history.buckets.map { $0.values[0].low }.min() == -5)
    #expect(zip(history.buckets, history.buckets.dropFirst()).allSatisfy { $0.lastStep + 1 == $1.firstStep })
    #expect(history.epochStarts.count <= 1024 && history.epochStarts.allSatisfy { $0.step == ($0.epoch - 1) * 10 + 1 })
    let page = try RunFolder(["config.json": "{}", "losses.csv": text]).page()
    #expect(page.utf8.count < 300_000)
  }

  @Test func foreignTablesAreRefused() throws {
    for text in ["a,b\n1,2\n", Array(repeating: "step", count: 65).joined(separator: ",") + "\n", "\u{0}\u{1}\n"] {
      let run = try RunFolder(["losses.csv": text])
      let error = #expect(throws: FileError.self) { try run.history("losses.csv") }
      #expect(error?.problem == "does not begin with the column names of a run (step, epoch, …)")
    }
    #expect(try RunFolder(["losses.csv": ""]).history("losses.csv")?.rows == 0)
    #expect(throws: FileError.self) { try RunFolder([:]).history("samples") }
  }
}

struct AxisTests {
  @Test func roundNumbers() {
    #expect(Axis.roundNumbers(0, 10, about: 5) == [0, 2, 4, 6, 8, 10])
    #expect(Axis.roundNumbers(1, 1, about: 5) == [1])
    #expect(Axis.roundNumbers(-0.3, 0.3, about: 3).map { ($0 * 10).rounded() / 10 } == [-0.2, 0, 0.2])
    #expect(Axis.roundNumbers(0, .infinity, about: 5) == [0])
    #expect(Axis.roundNumbers(1e22, 1e22 + 3e6, about: 5).count < 50)
  }

  @Test func fallingFarMeansLogarithmic() {
    let falling = (0..<100).map { 100 * pow(0.93, Double($0)) }
    let axis = Axis(values: falling, means: falling, allowsLogarithm: true)
    #expect(axis.isLogarithmic)
    #expect(axis.position(axis.low) == 0 && axis.position(axis.high) == 1 && axis.position(0) == 0)
    #expect(abs(axis.position((axis.low * axis.high).squareRoot()) - 0.5) < 1e-12)
    #expect(axis.ticks.allSatisfy { $0 > 0 } && axis.ticks.count > 1)
    #expect(!Axis(values: falling, means: falling, allowsLogarithm: false).isLogarithmic)
    #expect(!Axis(values: [-1, 1, 100], means: [-1, 1, 100], allowsLogarithm: true).isLogarithmic)
  }

  @Test(arguments: [[0.0], [5], [-5, -5], [1e-300, 1e29], [-1e29, 1e29], [0, .leastNonzeroMagnitude]])
  func extremesGiveFinitePositions(values: [Double]) {
    let axis = Axis(values: values, means: values, allowsLogarithm: true)
    for value in values + axis.ticks { #expect((0...1).contains(axis.position(value))) }
    #expect(axis.ticks.count < 100 * 10)
  }
}

struct ReportTests {
  private static let losses = """
    step,epoch,G_GAN,<b>odd,learning_rate,seconds
    1,1,2.5,1,0.0002,0.5
    2,1,2.25,2,0.0002,0.5
    3,2,2,3,0.0001,0.5

    """

  @Test func thePageTellsOfTheRun() throws {
    let run = try RunFolder([
      "config.json": #"{"ngf": 32, "steps": 12345, "version": "1.2.3", "data": "/d", "command_line": ["a", "b"]}"#,
      "losses.csv": Self.losses,
      "metrics.csv": "step,epoch,l1,psnr,ssim\n3,2,0.25,17.5,0.5\n",
      "samples/step_2.png": "", "samples/step_10.png": "", "samples/.hidden.png": "", "samples/notes.txt": "",
    ])
    let page = try run.page()
    #expect(page.contains("pix2pix (paired) · unet_256 · 32 filters · AtoB"))
    #expect(page.contains("<dt>steps</dt><dd>3 of 12\u{202F}345</dd>"))
    #expect(page.contains("<dt>epoch</dt><dd>2 of 200</dd>"))
    #expect(page.contains("<dt>seconds a step</dt><dd>0.5</dd>"))
    #expect(page.contains("<dt>held-out PSNR</dt><dd>17.5 dB</dd>"))
    #expect(page.contains("<tr class=\"changed\"><th>ngf</th><td>32</td></tr>"))
    #expect(page.contains("<tr><th>ndf</th><td>64</td></tr>"))
    #expect(page.matches(of: /<figure class="chart">/).count == 7)
    let newest = try #require(page.range(of: "src=\"samples/step_10.png\""))
    let oldest = try #require(page.range(of: "src=\"samples/step_2.png\""))
    #expect(newest.lowerBound < oldest.lowerBound)
    #expect(!page.contains("hidden") && !page.contains("notes.txt"))
  }

  @Test func nothingComesFromElsewhere() throws {
    let page = try RunFolder(["config.json": "{}", "losses.csv": Self.losses, "samples/a.png": ""]).page()
    #expect(!page.contains("http") && !page.contains("//"))
    let links = page.matches(of: /(?:src|href)="([^"]*)"/).map { String($0.1) }
    #expect(Set(links) == ["data:,", "samples/a.png"])
  }

  @Test func textOfFilesIsEscaped() throws {
    let hostile = "<script>alert('\"&')</script>"
    let encoded = try String(decoding: JSONEncoder().encode(hostile), as: UTF8.self)
    let run = try RunFolder([
      "config.json":
        #"{"init_from": \#(encoded), "data": \#(encoded), "version": \#(encoded), "command_line": [\#(encoded)]}"#,
      "losses.csv": "step,epoch,\(hostile)\n1,1,2\n",
      "samples/a\" onerror=\"alert(1)<b>.png": "",
    ])
    let page = try run.page()
    #expect(page.matches(of: /<script>/).count == 1 && page.matches(of: /<\/script>/).count == 1)
    #expect(!page.contains("<b>.") && !page.contains("\" onerror"))
    #expect(page.contains("&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"))
    #expect(page.contains("samples/a%22%20onerror%3D%22alert%281%29%3Cb%3E.png"))
  }

  @Test func theMarkupIsWellFormed() throws {
    let names = (1...9).map { ("samples/\($0).png", "") }
    let run = try RunFolder(
      ["config.json": #"{"objective": "unpaired"}"#, "losses.csv": Self.losses].merging(names) { $1 })
    let page = try run.page()
    for tag in ["figure", "section", "div", "dl", "table", "tr", "svg", "details", "main", "text", "a"] {
      let opened = page.matches(of: try Regex("<\(tag)[ >]")).count
      #expect(opened == page.matches(of: try Regex("</\(tag)>")).count, "\(tag)")
    }
    #expect(page.contains("<summary>5 earlier</summary>"))
  }

  @Test func aRunThatHasJustBegun() throws {
    for files in [
      ["config.json": "{}"], ["config.json": "{}", "losses.csv": ""],
      ["config.json": "{}", "losses.csv": "step,epoch,G\n"],
    ] {
      let page = try RunFolder(files).page()
      #expect(page.contains("No step has been recorded yet.") && page.contains("No sample sheet has been written yet."))
      #expect(!page.contains("<svg"))
    }
  }

  @Test func whatIsNoRunIsRefused() throws {
    #expect(throws: FileError.self) { try RunFolder([:]).page() }
    #expect(throws: FileError.self) { try RunFolder(["config.json": "{}", "losses.csv": "a\n"]).page() }
  }
}
