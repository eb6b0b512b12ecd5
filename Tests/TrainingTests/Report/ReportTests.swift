import Foundation
import Images
import Testing
@testable import Files
@testable import Training
@testable import Weights

/// The page of one run, from files as training and others write them.
struct ReportTests {
  static let losses = """
    step,epoch,G_GAN,G_L1,<b>odd,learning_rate,seconds
    1,1,2.5,50,1,0.0002,0.5
    2,1,2.25,40,2,0.0002,0.5
    3,2,2,30,3,0.0001,0.5

    """
  static let metrics = "step,epoch,l1,psnr,ssim\n1,1,0.3,15,0.4\n2,1,0.25,17.5,0.5\n3,2,0.5,12,0.6\n"

  /// The text of the page without its markup.
  private static func text(_ page: String) -> String {
    page.replacing(/<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>|<[^>]*>/, with: " ").replacing(/\s+/, with: " ")
  }

  @Test func thePageTellsOfTheRun() throws {
    let run = try ReportedRun([
      "config.json": #"{"ngf": 32, "steps": 12345, "version": "1.2.3", "data": "/d", "command_line": ["a", "b c"]}"#,
      "losses.csv": Self.losses, "metrics.csv": Self.metrics, "samples/.hidden.png": "", "samples/notes.txt": "",
    ])
    let sheet = Picture(width: 10, height: 4, channels: 1, pixels: [UInt8](repeating: 9, count: 40))
    for name in ["step_2", "step_10"] { try PNG.write(sheet, to: run.url.path + "/samples/\(name).png") }
    let page = try run.page(peakMemory: 123_000_000)
    #expect(page.contains("pix2pix (paired) · unet_256 · batch norm · 32 filters · AtoB"))
    for (name, value) in [
      ("steps", "3 of 12\u{202F}345"), ("epoch", "2 of 200"), ("images seen", "3"), ("seconds a step", "0.5"),
      ("time in all", "2 s"), ("held-out PSNR", "12 dB"), ("memory", "123 MB"),
    ] {
      #expect(page.contains("<dt>\(name)</dt><dd>\(value)</dd>"), "\(name)")
    }
    #expect(page.contains("<th>ngf</th><td><b>32</b></td><td class=\"note\">default 64</td>"))
    #expect(page.contains("<th>ndf</th><td><b>64</b></td>") && page.contains("<code>a &#39;b c&#39;</code>"))
    #expect(page.matches(of: /<figure class="chart card">/).count == 8)
    // The newest sheet stands first, beside the verdict; small ones are enlarged by a whole factor.
    let newest = try #require(page.range(of: "src=\"samples/step_10.png\""))
    let oldest = try #require(page.range(of: "src=\"samples/step_2.png\""))
    #expect(newest.lowerBound < oldest.lowerBound)
    #expect(page.contains("width=\"40\" height=\"16\" class=\"enlarged\""))
    #expect(page.contains("<figcaption>step_10.png</figcaption>"))
    #expect(!page.contains("hidden.png") && !page.contains("notes.txt"))
    // Another process that writes it again knows the memory from the page.
    #expect(try run.page().contains("<dt>memory</dt><dd>123 MB</dd>"))
  }

  @Test func heldOutFiguresStandBesideTraining() throws {
    let run = try ReportedRun(["config.json": "{}", "losses.csv": Self.losses, "metrics.csv": Self.metrics])
    let curves = RunCurves(try RunRecord(run.url.path))
    let chart = try #require(curves.heldOut.first)
    #expect(chart.title == "L1" && chart.series.map(\.name) == ["held out", "training"])
    // The loss without its weight of 100 is the same figure.
    #expect(chart.series[1].points.map(\.mean) == [0.5, 0.4, 0.3])
    #expect(chart.marks.map(\.label) == ["best 0.25 at step 2"] && curves.heldOut[2].marks.map(\.step) == [3])
    #expect(chart.steps.epochs.map(\.epoch) == [1, 2] && chart.steps.epochs.map(\.step) == [1, 3])
    #expect(curves.pace.map(\.title) == ["learning rate", "seconds a step"])
    let svg = ChartDrawing(chart).svg
    #expect(svg.contains(">step</text>") && svg.contains(">epoch</text>") && svg.contains("class=\"ring"))
  }

  @Test func theVerdictOfAFinishedRun() throws {
    let run = try ReportedRun([
      "config.json": #"{"steps": 3}"#, "losses.csv": Self.losses, "metrics.csv": Self.metrics,
      "generator.safetensors": "",
    ])
    let text = Self.text(try run.page())
    #expect(text.contains("✓ finished") && text.contains("Finished: all 3 steps are done."))
    #expect(
      text.contains(
        "The best L1 on held-out images is 0.25, of step 2. It has not become better since: 1 measurement later, "
          + "at step 3, it is 0.5."))
    #expect(text.contains("resume \(run.url.standardizedFileURL.path) --steps 6"))
    #expect(text.contains("apply \(run.url.standardizedFileURL.path) INPUT --out OUTPUT "))
  }

  @Test func theBestWeightsSaySoThemselves() throws {
    let run = try ReportedRun([
      "config.json": #"{"steps": 3}"#, "losses.csv": Self.losses, "metrics.csv": Self.metrics,
      "generator.safetensors": "",
    ])
    let best = run.url.path + "/generator_best.safetensors"
    try SafetensorsWriter.write([], metadata: ["best_by": "ssim", "best_figure": "0.7", "step": "2"], to: best)
    let text = Self.text(try run.page())
    #expect(
      text.contains("The best SSIM on held-out images is 0.7, of step 2.")
        && text.contains("weights of that step are kept"))
    #expect(text.contains("--weights best"))
    try run.write(Data("no weights".utf8), "generator_best.safetensors")
    #expect(Self.text(try run.page()).contains("generator_best.safetensors is damaged."))
    for hostile in [["best_by": "<i>", "best_figure": "1e400", "step": "-9"], ["best_by": "l1", "best_figure": "x"]] {
      try SafetensorsWriter.write([], metadata: hostile, to: best)
      #expect(Self.text(try run.page()).contains("The best L1 on held-out images is 0.25, of step 2."))
    }
  }

  @Test func theVerdictOfAStoppedRun() throws {
    let run = try ReportedRun(["config.json": "{}", "losses.csv": Self.losses])
    #expect(Self.text(try run.page()).contains("Stopped after step 3, in epoch 2 of 200. Nothing was saved before."))
    #expect(Self.text(try run.page()).contains("No figure was measured on held-out images."))
    let text = Self.text(try run.page(isTraining: true))
    #expect(
      text.contains("▶ in training") && text.contains("step 3, in epoch 2 of 200 was done when this page was written"))
    try run.write(Data("damaged".utf8), "checkpoint.safetensors")
    #expect(Self.text(try run.page()).contains("checkpoint.safetensors does not say where training stands"))
  }

  @Test func theVerdictOfADivergedRun() throws {
    let run = try ReportedRun([
      "config.json":
        #"{"learning_rate": 3, "command_line": ["/bin/t", "train", "paired", "my data", "--out", "r"]}"#,
      "losses.csv": Self.losses + "4,2,1,nan,1,1,0.5\n",
    ])
    let page = try run.page()
    #expect(Self.text(page).contains("✕ diverged Diverged at step 4: G_L1 was not a number."))
    #expect(
      page.contains(
        "<pre>translate-cli train paired &#39;my data&#39; --out r --learning-rate 0.3 --overwrite</pre>"))
  }

  @Test func alarmsStandAtTheTopWithTheirAdvice() throws {
    let run = try ReportedRun([
      "config.json": "{}", "losses.csv": Self.losses,
      "alarms.csv": """
      step,alarm,value,threshold,advice
      2,discriminator-has-won,0.00008600,0.05,"lower its rate, or ""<b>lsgan"",
      or both"
      3,checkerboard,2,1.5,try --upsample nearest
      3,discriminator-has-won,0.00001,0.05,again
      nonsense

      """,
    ])
    let page = try run.page()
    let text = Self.text(page)
    #expect(
      text.contains("⚠ Discriminator has won since step 2, 2×, last at step 3 · value 1e-05, threshold 0.05"))
    #expect(text.contains("⚠ Checkerboard since step 3 · value 2, threshold 1.5 try --upsample nearest"))
    #expect(text.contains("1 line of alarms.csv is no row of it and was left out."))
    #expect(text.contains("■ stopped, with 2 alarms"))
    let alarm = try #require(page.range(of: "⚠"))
    let curves = try #require(page.range(of: "<h2>Curves</h2>"))
    #expect(alarm.lowerBound < curves.lowerBound)
    #expect(Alarms.records("a,\"b\"\"\n,c\"\r\nd\n") == [["a", "b\"\n,c"], ["d"]])
    #expect(Alarms.records("a\n\"open,b\nc\n") == [["a"], ["open,b\nc\n"]])
  }

  @Test func settingsThatWereChangedOnTheWay() throws {
    let run = try ReportedRun([
      "config.json": """
      {"history": [{"step": 40, "setting": "learning_rate", "from": 0.0002, "to": 0.0001},
                   {"step": 50, "setting": "<b>", "from": null, "to": true}]}
      """, "losses.csv": Self.losses,
    ])
    let text = Self.text(try run.page())
    #expect(text.contains("after step 40 learning-rate 0.0002 → 0.0001"))
    #expect(text.contains("after step 50 &lt;b&gt; none → on"))
    for damaged in [#"{"history": 3}"#, #"{"history": [[]]}"#, #"{"history": [{"step": "x"}]}"#] {
      let error = #expect(throws: FileError.self) { try ReportedRun(["config.json": damaged]).page() }
      #expect(error?.problem.contains("history") == true, "\(error?.description ?? "")")
    }
  }

  @Test func nothingComesFromElsewhere() throws {
    let page = try ReportedRun(["config.json": "{}", "losses.csv": Self.losses, "samples/a.png": ""]).page()
    #expect(!page.contains("http") && !page.contains("//"))
    let links = page.matches(of: /(?:src|href)="([^"]*)"/).map { String($0.1) }
    #expect(Set(links) == ["data:,", "samples/a.png"])
  }

  @Test func textOfFilesIsEscaped() throws {
    let hostile = "<script>alert('\"&')</script>"
    let encoded = try String(decoding: JSONEncoder().encode(hostile), as: UTF8.self)
    let quoted = "\"" + hostile.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    let run = try ReportedRun([
      "config.json": """
      {"init_from": \(encoded), "data": \(encoded), "version": \(encoded), "command_line": ["x", "train", \(encoded)],
       "history": [{"step": 1, "setting": \(encoded), "from": \(encoded), "to": \(encoded)}]}
      """,
      "losses.csv": "step,epoch,\(hostile)\n1,1,2\n2,1,nan\n",
      "metrics.csv": "step,epoch,\(hostile)\n1,1,2\n",
      "alarms.csv": "step,alarm,value,threshold,advice\n1,\(quoted),\(quoted),\(quoted),\(quoted)\n",
      "samples/a\" onerror=\"alert(1)<b>.png": "",
    ])
    try SafetensorsWriter.write(
      [], metadata: ["best_by": hostile, "best_figure": "1", "step": "1"],
      to: run.url.path + "/generator_best.safetensors")
    let other = try ReportedRun(["config.json": "{}", "losses.csv": "step,epoch,\(hostile)\n1,1,2\n"])
    let comparison = try Report.writeComparison(of: [run.url.path, other.url.path])
    for page in [try run.page(), try String(contentsOfFile: comparison, encoding: .utf8)] {
      #expect(page.matches(of: /<script>/).count == 1 && page.matches(of: /<\/script>/).count == 1)
      #expect(!page.contains("<b>.") && !page.contains("\" onerror") && !page.contains("alert('"))
      #expect(page.contains("&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"))
      #expect(page.contains("samples/a%22%20onerror%3D%22alert%281%29%3Cb%3E.png"))
    }
  }

  @Test func theMarkupIsWellFormed() throws {
    let names = (1...9).map { ("samples/\($0).png", "") }
    let files = [
      "config.json": #"{"objective": "unpaired"}"#, "losses.csv": Self.losses, "metrics.csv": Self.metrics,
      "alarms.csv": "step,alarm,value,threshold,advice\n1,a,2,3,b\n",
    ]
    let run = try ReportedRun(files.merging(names) { $1 })
    let comparison = try Report.writeComparison(of: [run.url.path, run.url.path, run.url.path])
    for page in [try run.page(), try String(contentsOfFile: comparison, encoding: .utf8)] {
      for tag in [
        "figure", "section", "div", "dl", "ul", "li", "table", "tr", "td", "svg", "g", "details", "main", "text", "a",
        "span", "p",
      ] {
        let opened = page.matches(of: try Regex("<\(tag)[ >]")).count
        #expect(opened == page.matches(of: try Regex("</\(tag)>")).count, "\(tag)")
      }
    }
    let page = try run.page()
    #expect(page.contains("<summary>All 9, newest first</summary>") && page.contains("6 of 9 sheets"))
  }

  @Test func aRunThatHasJustBegun() throws {
    for files in [
      ["config.json": "{}"], ["config.json": "{}", "losses.csv": ""],
      ["config.json": "{}", "losses.csv": "step,epoch,G\n"],
    ] {
      let page = try ReportedRun(files).page()
      #expect(page.contains("No step has been recorded yet.") && page.contains("No sample sheet has been written yet."))
      #expect(!page.contains("<figure class=\"chart"))
    }
  }

  @Test func whatIsDamagedIsSaidInThePage() throws {
    let files = ["losses.csv": "a\n", "metrics.csv": "\u{0}", "alarms.csv": "1,2\n", "samples/a.png": "no picture"]
    let text = Self.text(try ReportedRun(files.merging(["config.json": "{}"]) { $1 }).page())
    #expect(text.contains("losses.csv does not begin with the column names of a run (step, epoch, …)"))
    #expect(text.contains("alarms.csv does not begin with the line step,alarm,value,threshold,advice"))
    #expect(text.contains("a.png"))
    let run = try ReportedRun(["config.json": "{}"])
    for name in ["losses.csv", "alarms.csv"] {
      try FileManager.default.createDirectory(
        at: run.url.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    #expect(Self.text(try run.page()).contains("alarms.csv cannot be read"))
    #expect(throws: FileError.self) { try ReportedRun([:]).page() }
  }

  @Test func theFolderIsHeldWhileASessionTrains() throws {
    let run = try ReportedRun(["config.json": "{}"])
    #expect(!RunLock.isHeld(RunFolder(run.url.path)))
    var lock: RunLock? = try RunLock(RunFolder(run.url.path))
    #expect(RunLock.isHeld(RunFolder(run.url.path)) && lock != nil)
    lock = nil
    #expect(!RunLock.isHeld(RunFolder(run.url.path)))
  }
}

/// Several runs on one page, and pages in other places.
struct ComparisonTests {
  @Test func severalRunsSideBySide() throws {
    let first = try ReportedRun([
      "config.json": #"{"steps": 3, "ngf": 32}"#, "losses.csv": ReportTests.losses, "metrics.csv": ReportTests.metrics,
      "samples/s 1.png": "",
    ])
    let second = try ReportedRun([
      "config.json": "{}", "losses.csv": "step,epoch,G_L1,other\n1,1,9,1\n5,1,8,2\n",
      "alarms.csv": "step,alarm\n4,dead\n",
      "samples/x.png": "", "metrics.csv": "damaged",
    ])
    let path = try Report.writeComparison(of: [first.url.path, second.url.path])
    #expect(path == first.url.path + "/comparison.html")
    let page = try String(contentsOfFile: path, encoding: .utf8)
    #expect(page.contains("2 runs side by side"))
    #expect(page.contains("<tr><th>ngf</th><td>32</td><td>64</td></tr>") && !page.contains("<th>ndf</th>"))
    #expect(page.contains("<tr><th>steps</th><td>3 of 3</td><td>5</td></tr>"))
    #expect(page.contains("<td>L1 0.25 at step 2</td><td>–</td>"))
    #expect(page.contains("<td>none</td><td>⚠ Dead, since step 4</td>"))
    #expect(page.contains("✓ finished") && page.contains("■ stopped"))
    #expect(
      page.contains("src=\"samples/s%201.png\"")
        && page.contains("src=\"../\(second.url.lastPathComponent)/samples/x.png\""))
    #expect(page.contains("aria-label=\"G_L1: 1 \(first.url.lastPathComponent): from 30 to 50, last 30; 2 "))
    #expect(page.matches(of: /<figure class="chart card">/).count == 3 + 5)
  }

  @Test func whereThePageGoes() throws {
    let run = try ReportedRun(["config.json": "{}", "losses.csv": ReportTests.losses, "samples/a.png": ""])
    let folder = run.url.appendingPathComponent("pages/of mine")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let place = folder.appendingPathComponent("p.html").path
    // A second time over itself.
    for _ in 1...2 { #expect(try Report.write(runFolder: run.url.path, to: place) == place) }
    #expect(try String(contentsOfFile: place, encoding: .utf8).contains("src=\"../../samples/a.png\""))
    for name in ["config.json", "samples"] {
      let error = #expect(throws: FileError.self) {
        try Report.writeComparison(of: [run.url.path], to: run.url.path + "/" + name)
      }
      #expect(error?.advice?.description == "choose another name for the page, or move it away")
    }
    #expect(try String(contentsOfFile: run.url.path + "/config.json", encoding: .utf8) == "{}")
  }
}
