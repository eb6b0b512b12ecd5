import Foundation
import Testing
@testable import translate_cli

@Suite struct CompletionTests {
  private var table: CompletionTable { CompletionTable(CommandTable.commands) }

  /// Every option of every command occurs, beside its command.
  @Test(arguments: Shell.allCases)
  func everyOptionOccurs(shell: Shell) throws {
    let script = runInProcess(["completions", shell.rawValue])
    #expect(script.status == .success && script.error == "")
    for entry in table.entries {
      let part: Substring
      switch shell {
      case .bash, .zsh:
        let begin = try #require(script.output.range(of: "    '\(entry.name)')\n"))
        part = script.output[begin.upperBound...].prefix(
          upTo: try #require(
            script.output.range(of: "\n      ;;", range: begin.upperBound..<script.output.endIndex)
          ).lowerBound)
      case .fish:
        part =
          script.output.split(separator: "\n")
          .filter { $0.contains("_is \(entry.name)'") }.joined(separator: "\n")[...]
      }
      #expect(entry.options.count > 0)
      for spelling in entry.options.flatMap(\.spellings) {
        let written = shell == .fish ? "-l \(spelling.dropFirst(2)) " : spelling
        #expect(part.contains(written), "\(shell): \(entry.name) \(spelling)")
      }
    }
    #expect(
      runInProcess(["completions", "tcsh"]).error.hasPrefix(
        "translate-cli completions: the shell cannot be tcsh; it is one of bash, zsh, fish"))
  }

  /// What bash itself makes of it.
  @Test(arguments: [
    ("", ["apply", "train", "help", "--version"], ["paired"]), ("tr", ["train"], ["apply"]),
    ("train ", ["paired", "unpaired"], ["--out"]), ("help tr", ["train"], ["apply"]),
    ("train paired data --lam", ["--lambda-l1"], ["--lambda-a", "--out"]),
    ("train unpaired data --lambda-", ["--lambda-a", "--lambda-b", "--lambda-identity"], ["--lambda-l1"]),
    ("train paired data --direction ", ["AtoB", "BtoA"], ["--out"]), ("train paired data --no-f", ["--no-flip"], []),
    ("apply run in --half l", ["left"], ["right"]), ("completions f", ["fish"], ["bash"]),
    ("demo-data paired x --", ["--count", "--size"], ["--recursive"]),
  ])
  func bashCompletes(line: String, offered: [String], others: [String]) throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/bash") else { return }
    let folder = try TemporaryFolder()
    try folder.write(table.script(for: .bash), to: "completion")
    let words = (["translate-cli"] + line.split(separator: " ", omittingEmptySubsequences: false).map(String.init))
    let script = """
      source ./completion || exit 9
      COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " ")))
      COMP_CWORD=\(words.count - 1)
      _translate_cli 2>/dev/null
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let outcome = try BuiltProgram.start(
      URL(fileURLWithPath: "/usr/bin/bash"), ["-c", script], in: folder.url
    ).wait()
    let replies = outcome.output.split(separator: "\n").map(String.init)
    #expect(outcome.status == 0)
    for word in offered { #expect(replies.contains(word), "\(line): \(replies)") }
    for word in others { #expect(!replies.contains(word), "\(line): \(replies)") }
    #expect(
      try BuiltProgram.start(URL(fileURLWithPath: "/usr/bin/bash"), ["-n", "completion"], in: folder.url).wait().status
        == 0)
  }

  @Test func helpOfACommand() {
    for words in [["train", "paired"], ["apply"], ["train"], ["completions"]] {
      #expect(runInProcess(["help"] + words) == runInProcess(words + ["--help"]))
    }
    #expect(runInProcess(["help"]) == runInProcess(["--help"]))
    #expect(runInProcess(["help", "aply"]).error.contains("there is no command aply; did you mean apply?"))
    #expect(runInProcess(["hepl"]).error.contains("did you mean help?"))
  }
}
