import TestSupport
@testable import translate_cli
import Foundation
import Testing
@testable import Translate

struct ProgramTests {
  @Test func theTableIsSound() {
    func check<C: Command>(_ command: C) {
      let options = command.options.flatMap(\.options)
      let names = options.flatMap(\.spellings)
      #expect(Set(names).count == names.count, "\(command.name) has an option twice")
      #expect(names.allSatisfy { $0.wholeMatch(of: /--[a-z0-9]+(-[a-z0-9]+)*/) != nil }, "\(command.name)")
      #expect(!command.summary.hasSuffix(".") && options.allSatisfy { !$0.help.isEmpty && !$0.help.hasSuffix(".") })
      #expect(!command.examples.isEmpty)
      for example in command.examples {
        let words = example.split(separator: " ").map(String.init)
        #expect(throws: Never.self, "\(example)") {
          let found = try CommandTable.find(words)
          #expect(found.command.words == command.words)
          _ = try parse(command, Array(found.rest))
        }
      }
      let help = HelpText.text(of: command)
      #expect(help.split(separator: "\n").filter { $0.count > 100 } == [], "\(command.name)")
    }
    for command in CommandTable.commands { check(command) }
    #expect(Set(CommandTable.commands.map { $0.name }).count == CommandTable.commands.count)
  }

  @Test(arguments: [
    ([], "translate-cli: no command given (translate-cli --help)\n"),
    (["repotr"], "translate-cli: there is no command repotr; did you mean report? (translate-cli --help)\n"),
    (["banana"], "translate-cli: there is no command banana (translate-cli --help)\n"),
    (["--verison"], "translate-cli: there is no option --verison; did you mean --version? (translate-cli --help)\n"),
    (["report"], "translate-cli report: RUN is missing (folder of a training run) (translate-cli report --help)\n"),
    (
      ["check", "d", "--crop-size", "300"],
      "translate-cli check: --crop-size 300 is larger than --load-size 286; lower it or raise --load-size "
        + "(translate-cli check --help)\n"
    ),
  ])
  func wrongLinesEndWithTwo(arguments: [String], expected: String) {
    let outcome = runInProcess(arguments)
    #expect(outcome.status == .usage)
    #expect(outcome.error == expected)
    #expect(outcome.output == "")
  }

  @Test func failuresEndWithOne() throws {
    let outcome = runInProcess(["report", "/no/such/run"])
    #expect(outcome.status == .failure)
    #expect(
      outcome.error
        == "translate-cli report: /no/such/run/config.json: cannot be read; give the folder of a training run\n")
  }

  @Test func controlCharactersOfNamesReachNoTerminal() {
    let outcome = runInProcess(["report", "/no\u{1B}[31m\nrun"])
    #expect(outcome.error.hasPrefix("translate-cli report: /no?[31m?run/config.json: cannot be read"))
    #expect(outcome.error.filter { $0 == "\n" }.count == 1)
  }

  @Test func helpAndVersionAreData() {
    #expect(
      runInProcess(["--version"]) == (
        .success, "translate-cli \(PackageVersion.current)\n\(PackageVersion.kernels)\n", ""
      ))
    #expect(PackageVersion.kernels.hasPrefix("kernels "))
    let overview = runInProcess(["--help"])
    #expect(overview.status == .success && overview.error == "")
    for command in CommandTable.commands {
      #expect(overview.output.contains(command.name))
      #expect(overview.output.contains(command.summary.split(separator: " ")[0]))
      let help = runInProcess(command.words + ["--help"])
      #expect(help.status == .success && help.error == "")
      #expect(help.output.hasPrefix("translate-cli \(command.name): "))
      #expect(runInProcess(command.words + ["x", "--wrong", "-h"]).output == help.output)
    }
    #expect(runInProcess(["banana", "--help"]).status == .usage)
  }
}

struct BuiltProgramTests {
  @Test func itIsFound() throws { try #require(BuiltProgram.url != nil) }

  @Test func exitStatusAndStreams() throws {
    let help = try BuiltProgram.run(["--help"])
    #expect(help.status == 0 && help.errors == "" && help.output.contains("Usage: translate-cli COMMAND"))
    let wrong = try BuiltProgram.run(["chekc", "x"])
    #expect(wrong.status == 2 && wrong.output == "")
    #expect(wrong.errors == "translate-cli: there is no command chekc; did you mean check? (translate-cli --help)\n")
    let failed = try BuiltProgram.run(["check", "/no/such/folder"])
    #expect(failed.status == 1 && failed.output == "")
    #expect(failed.errors.hasPrefix("translate-cli check: /no/such/folder: "))
    #expect(failed.errors.filter { $0 == "\n" }.count == 1)
  }

  @Test func reportWritesThePage() throws {
    let run = try TemporaryFolder()
    try run.write("{}", to: "config.json")
    let outcome = try BuiltProgram.run(["report", "."], in: run.url)
    #expect(outcome.status == 0 && outcome.output == "" && outcome.errors == "the page is ./index.html\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: run.path).sorted() == ["config.json", "index.html"])
    #expect(try BuiltProgram.run(["report", ".", "--quiet"], in: run.url).errors == "")
  }

  @Test func reportLaysRunsSideBySide() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b", "c"] {
      try FileManager.default.createDirectory(atPath: folder.path + "/" + name, withIntermediateDirectories: true)
      try folder.write("{}", to: name + "/config.json")
    }
    #expect(
      runInProcess(["report", "a", "b", "c"].map { $0 == "report" ? $0 : folder.path + "/" + $0 }).error
        == "the page is \(folder.path)/a/comparison.html\n")
    let outcome = try BuiltProgram.run(["report", "a", "b", "c", "--out", "all.html"], in: folder.url)
    #expect(outcome.status == 0 && outcome.errors == "the page is all.html\n")
    let page = try String(contentsOfFile: folder.path + "/all.html", encoding: .utf8)
    #expect(page.contains("3 runs side by side") && page.contains("href=\"c/index.html\""))
    let refused = try BuiltProgram.run(["report", "a", "b", "--out", "a/config.json"], in: folder.url)
    #expect(refused.status == 1)
    #expect(refused.errors.hasPrefix("translate-cli report: a/config.json: is no page of this program"))
    #expect(try BuiltProgram.run(["report", "a", ""], in: folder.url).status == 2)
    #expect(try BuiltProgram.run(["report"], in: folder.url).errors.contains("RUN is missing"))
  }
}
