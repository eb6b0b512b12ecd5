import Foundation
import Testing
@testable import Files
@testable import Training

/// A run folder with a page that goes away with its holder.
final class ReportedRun {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("report-tests-" + UUID().uuidString)

  init(_ files: [String: String]) throws {
    try FileManager.default.createDirectory(
      at: url.appendingPathComponent("samples"), withIntermediateDirectories: true)
    for (name, text) in files { try write(Data(text.utf8), name) }
  }

  func write(_ data: Data, _ name: String) throws { try data.write(to: url.appendingPathComponent(name)) }

  deinit { try? FileManager.default.removeItem(at: url) }

  func page(isTraining: Bool? = nil, peakMemory: Int? = nil) throws -> String {
    try Report.write(runFolder: url.path, isTraining: isTraining, peakMemory: peakMemory)
    return try String(contentsOf: url.appendingPathComponent("index.html"), encoding: .utf8)
  }

  func history(_ name: String) throws -> History? { try History(path: url.appendingPathComponent(name).path) }
}

struct HistoryTests {
  @Test func rowsAreKeptWhileTheyAreFew() throws {
    let run = try ReportedRun([
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

  @Test func theLastRowTellsWhatIsNoNumber() throws {
    let rows = ["step,epoch,G,D", "1,1,nan,1", "2,1,2,-inf", "3,1,inf,nan"]
    for (count, column) in [(2, "G"), (3, "D"), (4, "G")] {
      let text = rows.prefix(count).joined(separator: "\n") + "\n"
      let history = try #require(try ReportedRun(["losses.csv": text]).history("losses.csv"))
      #expect(history.notFinite?.column == column && history.notFinite?.isNaN == (count == 2))
    }
    let history = try #require(
      try ReportedRun(["losses.csv": rows.joined(separator: "\n") + "\n4,1,5,6\n"]).history("losses.csv"))
    #expect(history.notFinite == nil && history.latest[0]?.value == 5 && history.latest[1]?.step == 4)
  }

  @Test func whatIsNoRowIsPassedOver() throws {
    let long = String(repeating: "7", count: 70_000)
    let lines = [
      "step,epoch,G", "1,1,1", "garbage", "2,1", "2,1,2,3", "1,1,9", "-5,1,9", "9e9,1,9", ",,", long + ",1,1", "3,x,3",
      "4,1,",
      "99999999999999999999999,1,1", "5000000000000,1,1", "5,1,inf", "6,1,1e200", "7,1,7", "8,1,8 is not whole",
    ]
    let run = try ReportedRun(["losses.csv": lines.joined(separator: "\n")])
    let history = try #require(try run.history("losses.csv"))
    #expect(history.rows == 6)
    #expect(history.buckets.map(\.lastStep) == [1, 3, 4, 5, 6, 7])
    #expect(history.buckets.compactMap { $0.values[0].count > 0 ? $0.values[0].mean : nil } == [1, 3, 7])
    #expect(history.skippedLines == 10)
  }

  @Test func manyRowsAreThinned() throws {
    let count = 100_000
    let text = "step,epoch,G\n" + (1...count).map { "\($0),\(($0 + 9) / 10),\($0 == 777 ? -5 : 1)\n" }.joined()
    let run = try ReportedRun(["losses.csv": text])
    let history = try #require(try run.history("losses.csv"))
    #expect(history.rows == count && history.lastStep == count && history.lastEpoch == count / 10)
    #expect(history.buckets.count <= 1024 && history.buckets.count > 400)
    #expect(history.buckets.map(\.rows).reduce(0, +) == count)
    #expect(history.buckets.map { $0.values[0].sum }.reduce(0, +) == Double(count - 6))
    #expect(history.buckets.map { $0.values[0].low }.min() == -5)
    #expect(zip(history.buckets, history.buckets.dropFirst()).allSatisfy { $0.lastStep + 1 == $1.firstStep })
    #expect(history.epochStarts.count <= 1024 && history.epochStarts.allSatisfy { $0.step == ($0.epoch - 1) * 10 + 1 })
    let page = try ReportedRun(["config.json": "{}", "losses.csv": text]).page()
    #expect(page.utf8.count < 300_000)
    #expect(history.whole(0).lowStep == 777 && history.whole(0).low == -5 && history.latest[0]?.step == count)
  }

  @Test func foreignTablesAreRefused() throws {
    for text in ["a,b\n1,2\n", Array(repeating: "step", count: 65).joined(separator: ",") + "\n", "\u{0}\u{1}\n"] {
      let run = try ReportedRun(["losses.csv": text])
      let error = #expect(throws: FileError.self) { try run.history("losses.csv") }
      #expect(error?.problem == "does not begin with the column names of a run (step, epoch, …)")
    }
    #expect(try ReportedRun(["losses.csv": ""]).history("losses.csv")?.rows == 0)
    #expect(throws: FileError.self) { try ReportedRun([:]).history("samples") }
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
    let axis = Axis(values: falling, trend: falling)
    #expect(axis.scale == .logarithmic)
    #expect(axis.position(axis.low) == 0 && axis.position(axis.high) == 1 && axis.position(0) == 0)
    #expect(abs(axis.position((axis.low * axis.high).squareRoot()) - 0.5) < 1e-12)
    #expect(axis.ticks.allSatisfy { $0 > 0 } && axis.ticks.count > 1)
    #expect(Axis(values: [2, 1, 1.5, 3]).scale == .linear)
    #expect(Axis(values: [-1, 0.5, 1, -0.5]).scale == .linear)
  }

  /// One early peak neither flattens the rest nor is cut off.
  @Test(arguments: [1e2, 1e4, 1e9]) func outliersHaveTheirPlaceBesideTheRest(peak: Double) {
    let rest = (0..<200).map { 1 + 0.2 * sin(Double($0)) }
    for sign in [1.0, -1] {
      let values = ([peak] + rest).map { sign * $0 }
      let axis = Axis(values: values)
      #expect(axis.isLogarithmic)
      #expect(values.min() == axis.low || axis.low == 0)
      #expect(values.max() == axis.high || axis.high == 0)
      // The rest, of which a linear axis of the whole range would show nothing, is still told apart.
      let places = rest.map { axis.position(sign * $0) }
      #expect((places.max() ?? 0) - (places.min() ?? 0) > 4 * 0.4 / peak)
      #expect(axis.ticks.count > 1)
    }
  }

  /// Nothing lies beyond the ends, and larger values lie higher, whatever the scale.
  @Test func noValueIsCutOff() {
    let kinds: [[Double]] = [
      [3, 1, 2], [1e-9, 1, 1e9], [0, 0, 0, 5, 1e6], [-1e7, -3, 0, 2, 1e4], Array(repeating: 1, count: 99) + [1e-8],
      Array(repeating: 0, count: 99) + [7], (0..<300).map { $0 == 5 ? -4000 : Double($0 % 7) },
    ]
    for values in kinds {
      let axis = Axis(values: values)
      #expect(axis.low <= values.min() ?? 0 && axis.high >= values.max() ?? 0)
      let distinct = Set(values).sorted()
      for (lower, higher) in zip(distinct, distinct.dropFirst()) {
        #expect(axis.position(lower) < axis.position(higher), "\(lower) and \(higher) of \(axis)")
      }
    }
  }

  @Test(arguments: [[], [0.0], [5], [-5, -5], [1e-300, 1e29], [-1e29, 1e29], [0, .leastNonzeroMagnitude]])
  func extremesGiveFinitePositions(values: [Double]) {
    let axis = Axis(values: values, trend: values)
    for value in values + axis.ticks { #expect((0...1).contains(axis.position(value))) }
    #expect(axis.ticks.count < 50)
  }
}
