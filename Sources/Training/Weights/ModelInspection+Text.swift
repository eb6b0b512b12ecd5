import Files
import Foundation
import Weights

extension ModelInspection {
  /// Everything for a person, in lines; fit for a terminal whatever the file says.
  package var text: String {
    var lines: [String] = []
    if let run { lines += run.lines(path: path, progress: progress) }
    if kind == .checkpoint { lines.append("\(Self.plain(path)): training checkpoint") }
    if kind != .run, let progress { lines.append(progress.line) }
    for network in networks {
      if !lines.isEmpty { lines.append("") }
      lines += network.lines(heading: networks.count > 1 || kind != .weights ? network.name : nil)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// `text` from outside without what could move a terminal's cursor.
  fileprivate static func plain(_ text: String) -> String { String(FileError.quote(text).dropFirst().dropLast()) }

  /// `12,345,678`, the same in every country.
  fileprivate static func grouped(_ number: Int) -> String {
    var (digits, result) = (String(number), "")
    while digits.count > 3 {
      result = "," + digits.suffix(3) + result
      digits.removeLast(3)
    }
    return digits + result
  }

  /// `207.6 MB`
  fileprivate static func size(_ bytes: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    let places = unit == 0 ? 0 : 1
    return value.formatted(.number.precision(.fractionLength(places)).grouping(.never).locale(Locale(identifier: "en")))
      + " " + units[unit]
  }
}

extension ModelInspection.Progress {
  fileprivate var line: String { "  trained: \(step) steps, epoch \(epoch)" }
}

extension ModelInspection.Run {
  fileprivate func lines(path: String, progress: ModelInspection.Progress?) -> [String] {
    let plain = ModelInspection.plain
    guard let description else {
      return ["\(plain(path)): weights without config.json"] + [progress?.line].compactMap(\.self) + fileLines
    }
    let settings = description.configuration
    var lines = [
      "\(plain(path)): \(settings.algorithm.name) training of "
        + settings.algorithm.outline(settings).joined(separator: ", ")
    ]
    lines.append(
      progress?.line ?? "  trained: nothing saved yet")
    lines.append("  data: \(plain(description.data))")
    lines.append(
      "  settings: batch \(settings.batchSize), \(settings.preprocess.rawValue), load \(settings.loadSize), "
        + "crop \(settings.cropSize), \(settings.ganMode.rawValue) loss, learning rate \(settings.learningRate), "
        + "\(settings.epochs) + \(settings.decayEpochs) epochs"
        + (settings.steps.map { ", at most \($0) steps" } ?? "") + ", seed \(settings.seed)")
    lines.append("  version: \(plain(description.version))")
    if !description.commandLine.isEmpty {
      lines.append("  started by: \(plain(description.commandLine.joined(separator: " ")))")
    }
    lines += description.history.map {
      "  changed after step \($0.step): \(plain($0.setting)) from \(plain("\($0.from)")) to \(plain("\($0.to)"))"
    }
    return lines + fileLines
  }

  private var fileLines: [String] {
    files.isEmpty
      ? [] : ["  files: " + files.map { "\($0.name) \(ModelInspection.size($0.bytes))" }.joined(separator: ", ")]
  }
}

extension NetworkInspection {
  fileprivate func lines(heading: String?) -> [String] {
    let (plain, grouped) = (ModelInspection.plain, ModelInspection.grouped)
    var lines = [heading.map(plain) ?? plain(path ?? "")]
    lines[0] += ": " + (architecture.map { "\($0) (by its \(evidence?.rawValue ?? ""))" } ?? "no network that is known")
    if let problem { lines.append("  problem: it \(plain(problem))") }
    if let settings { lines.append("  settings: " + settings.words.joined(separator: ", ")) }
    if let labels {
      lines.append(
        "  labels: \(LabelNames.list(labels)), one of which is a plane of ones among its last input channels")
    }
    if let normStatistics { lines.append("  norm statistics when applied: \(plain(normStatistics))") }
    if let receptiveField { lines.append("  receptive field: \(receptiveField)×\(receptiveField) pixels") }
    if let smallestImage {
      lines.append(
        "  smallest image: \(smallestImage)×\(smallestImage) pixels"
          + (sizeMultiple.flatMap { $0 > 1 ? $0 : nil }.map { ", in multiples of \($0) (apply pads and crops others)" }
            ?? ""))
    }
    if let precision { lines.append("  precision: \(precision)") }
    let types = tensors.reduce(into: [:]) { $0[$1.type, default: 0] += 1 }.sorted { $0.key < $1.key }
    lines.append(
      "  \(grouped(parameters)) parameters in \(tensors.count) tensors, \(ModelInspection.size(bytes)), "
        + types.map { "\($0.key) × \($0.value)" }.joined(separator: ", ") + ", \(form)")
    lines += metadata.filter { $0.key != "position" }.sorted { $0.key < $1.key }
      .map { "  metadata: \(plain($0.key)) = \(plain($0.value))" }
    return lines + Self.table(rows)
  }

  /// A row for each layer of a known network, for each tensor of another.
  private var rows: [[String]] {
    var rows: [[String]] = []
    var last = ""
    for tensor in tensors {
      let shape = tensor.shape.isEmpty ? "scalar" : tensor.shape.map(String.init).joined(separator: "×")
      let dot = tensor.name.lastIndex(of: ".") ?? tensor.name.startIndex
      let layer = String(tensor.name[..<dot])
      if architecture == nil {
        rows.append([
          ModelInspection.plain(tensor.name), ModelInspection.grouped(tensor.count), "\(tensor.type) \(shape)",
        ])
      } else if layer == last, tensor.isTrained, let row = rows.last {
        // The bias of a weight.
        let count = (Int(row[1].filter { $0 != "," }) ?? 0) + tensor.count
        rows[rows.count - 1] = [row[0], ModelInspection.grouped(count), row[2] + " + \(shape)"]
      } else if tensor.isTrained {
        rows.append([layer, ModelInspection.grouped(tensor.count), "\(tensor.type) \(shape)"])
        last = layer
      }
    }
    return rows
  }

  /// Names to the left, counts to the right.
  private static func table(_ rows: [[String]]) -> [String] {
    let name = rows.map(\.[0].count).max() ?? 0
    let count = rows.map(\.[1].count).max() ?? 0
    return rows.map { row in
      "  " + row[0].padding(toLength: name, withPad: " ", startingAt: 0) + "  "
        + String(repeating: " ", count: count - row[1].count) + row[1] + "  " + row[2]
    }
  }
}

extension NetworkInspection.Settings {
  /// In the order in which a person asks.
  fileprivate var words: [String] {
    var words = [norm == .none ? "no norm" : "\(norm.rawValue) norm", "\(filters) filters"]
    words.append(
      outputChannels.map { "\(inputChannels) → \($0) channels" } ?? "on \(inputChannels) channels")
    words += depth.map { ["\($0.count) \($0.words)"] } ?? []
    words += dropout.map { [$0 ? "dropout" : "no dropout"] } ?? []
    words += upsampling.map { [$0.rawValue] } ?? []
    words += scale.map { ["enlarges ×\($0)"] } ?? []
    return words
  }
}
