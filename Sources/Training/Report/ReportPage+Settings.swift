import Files
import Foundation
import Pages
import Weights

/// What the run was made with, and how to go on.
extension ReportPage {
  var settingsSection: String {
    let rows = run.settings
    let changed = rows.filter(\.isChanged)
    let others = rows.filter { !$0.isChanged }
    let origin = [
      ("data", run.description.data),
      ("command line", run.description.commandLine.map(shellWord).joined(separator: " ")),
    ].filter { !$0.1.isEmpty }.map { "<dt>\($0.0)</dt><dd><code>\($0.1.htmlEscaped)</code></dd>" }
    let main =
      changed.isEmpty
      ? "<p class=\"note\">Every setting has its published default.</p>"
      : "<div class=\"scroll\">" + Self.table(changed, showsDefaults: true) + "</div>"
    return """
      <section><h2>Settings</h2>
      \(origin.isEmpty ? "" : "<dl class=\"origin\">\(origin.joined())</dl>")
      \(main)
      \(changes)
      <details><summary>\(others.count) settings with their published defaults</summary>
      <div class="scroll">\(Self.table(others, showsDefaults: false))</div></details></section>
      """
  }

  private static func table(_ rows: [RunRecord.SettingRow], showsDefaults: Bool) -> String {
    let lines = rows.map { row in
      "<tr><th>\(row.name.htmlEscaped)</th><td><b>\(row.value.htmlEscaped)</b></td>"
        + (showsDefaults ? "<td class=\"note\">default \(row.standard.htmlEscaped)</td>" : "")
        + "<td class=\"note\">\(row.help.htmlEscaped)</td></tr>"
    }
    return "<table class=\"settings\">\(lines.joined())</table>"
  }

  private var changes: String {
    guard !run.changes.isEmpty else { return "" }
    let rows = run.changes.prefix(200).map {
      "<tr><th>after step \(grouped($0.step))</th><td>\($0.setting.htmlEscaped)</td>"
        + "<td>\($0.from.htmlEscaped) → <b>\($0.to.htmlEscaped)</b></td></tr>"
    }
    return "<h3>Changed on the way</h3><div class=\"scroll\"><table>\(rows.joined())</table></div>"
  }

  // MARK: How to go on

  var commandsSection: String {
    let commands = run.commands.map { "<dt>\($0.purpose.htmlEscaped)</dt><dd><pre>\($0.line.htmlEscaped)</pre></dd>" }
    guard !commands.isEmpty else { return "" }
    return "<section><h2>How to go on</h2><dl class=\"commands\">\(commands.joined())</dl></section>"
  }
}

extension RunRecord {
  /// A setting as a person writes it.
  struct SettingRow: Equatable, Sendable {
    var name: String
    var value: String
    /// The published default.
    var standard: String
    var help: String

    var isChanged: Bool { value != standard }
  }

  /// The settings that its algorithm has.
  var settings: [SettingRow] {
    let standard = TrainingConfiguration(algorithm)
    return algorithm.settings.flatMap(\.settings).map { setting in
      let none = setting.standard?.description ?? "–"
      return SettingRow(
        name: setting.name, value: words(setting, description.configuration) ?? none,
        standard: setting.text(standard) ?? none, help: setting.help.description)
    }
  }

  /// The value of a setting; with the names where it says that folders are labels.
  private func words(_ setting: Setting, _ configuration: TrainingConfiguration) -> String? {
    let names = configuration.labelNames
    let text = setting.text(configuration)
    guard setting.name == Settings.labels.settings.first?.name, !names.isEmpty else { return text }
    return text.map { "\($0): \(LabelNames.list(names))" }
  }

  /// What can be done with the run next, and the command for it.
  var commands: [(purpose: String, line: String)] {
    let run = shellWord(URL(fileURLWithPath: path).standardizedFileURL.path)
    var commands: [(String, Phrase)] = []
    let settings = description.configuration
    switch outcome {
    case .notStarted, .training: break
    case .finished:
      let more: Phrase =
        settings.steps.map { "\(setting: "steps", $0.addingReportingOverflow($0).partialValue)" }
        ?? "\(setting: "epochs", 2 * settings.epochs + settings.decayEpochs)"
      commands.append(("Train on, for twice as long in all", "resume \(run) \(more)"))
    case .stopped:
      if position != nil { commands.append(("Go on where it stopped, bit for bit", "resume \(run)")) }
    case .diverged:
      let words = description.commandLine.dropFirst()
      if words.first == "train" {
        // The last of repeated options counts.
        let rate = Chart.label(settings.learningRate / 10)
        var line: Phrase = "\(words.map(shellWord).joined(separator: " ")) \(setting: "learning-rate", rate)"
        if !words.contains(Self.option("overwrite")) { line = "\(line) \(setting: "overwrite")" }
        commands.append(("Begin again with a lower learning rate", line))
      }
    }
    let weights = RunFolder.generatorNames.filter {
      FileManager.default.fileExists(atPath: RunFolder(path).weights($0))
    }
    if !weights.isEmpty {
      var line = algorithm.use.command(run)
      if let label = settings.labelNames.first { line = "\(line) \(setting: "label", shellWord(label))" }
      if weights.count > 1 { line = "\(line) \(setting: "direction", "AtoB")" }
      if best?.hasWeights == true { line = "\(line) \(Self.option("weights")) best" }
      let which = best?.hasWeights == true ? " with the best weights" : ""
      commands.append((algorithm.use.purpose + which, line))
    }
    if step > 0 { commands.append(("Lay it beside another run", "report \(run) OTHER")) }
    return commands.map { ($0, "translate-cli " + $1.text(callingSettings: Self.option)) }
  }

  /// A setting as the command line writes it.
  private static func option(_ name: String) -> String { "--" + name }
}
