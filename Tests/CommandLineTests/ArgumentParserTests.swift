@testable import translate_cli
@testable import Files
import Testing
@testable import Training

/// A command with an option of every kind.
private struct Sample: Command {
  enum Colour: String, CaseIterable, Sendable { case red, green, darkBlue = "dark-blue" }

  let words = ["sample"]
  let summary = "exercise the parser"
  let operands = [
    Operand<Self>("SOURCE", \.source, "where from"), Operand<Self>("GOAL", \.goal, "where to"),
  ]
  let options = [
    OptionGroup<Self>(
      title: "Options",
      options: [
        .flag("json", \.json, "print JSON"),
        Option(
          name: "flip", form: .toggle, help: "mirror", standard: { $0.flip ? "on" : "off" },
          set: { (sample: inout Self, text: String) throws(UsageError) in sample.flip = text == "true" }),
        .integer("count", \.count, in: 1...100, "how many"),
        .integer("seed", \.seed, "for chance"),
        .integer("steps", \.steps, "how far"),
        .choice("colour", \.colour, standard: "as it comes", "which"),
        .text("out", \.out, placeholder: "DIR", isRequired: true, "folder for the results"),
        .text("note", \.note, placeholder: "TEXT", "to remember"),
      ])
  ]
  let examples = ["sample a b --out c"]

  var source = ""
  var goal = ""
  var json = false
  var flip = true
  var count = 7
  var seed: UInt64 = 0
  var steps: Int?
  var colour: Colour?
  var out = ""
  var note: String?

  func run(on console: Console) throws -> ExitCode { .success }
}

struct ArgumentParserTests {
  private func read(_ line: String) throws -> Sample {
    try parse(
      Sample(), line.split(separator: " ", omittingEmptySubsequences: false).map(String.init),
      owners: CommandTable.names(having:))
  }

  @Test func defaultsStand() throws {
    let sample = try read("a b --out c")
    #expect(sample.source == "a" && sample.goal == "b" && sample.out == "c")
    #expect(!sample.json && sample.flip && sample.count == 7 && sample.steps == nil)
    #expect(sample.colour == nil && sample.note == nil)
  }

  @Test func everyKindIsRead() throws {
    let sample = try read(
      "--json a --no-flip --count 100 --seed 18446744073709551615 --steps=3 b "
        + "--colour=dark-blue --out=x=y --note -dashed")
    #expect(sample.json && !sample.flip && sample.count == 100 && sample.seed == .max && sample.steps == 3)
    #expect(
      sample.colour == .darkBlue && sample.out == "x=y" && sample.note == "-dashed" && sample.source == "a"
        && sample.goal == "b")
  }

  @Test func lastOfRepeatedOptionsCounts() throws {
    let sample = try read("a b --out c --count 3 --no-flip --count 5 --flip --out d")
    #expect(sample.count == 5 && sample.flip && sample.out == "d")
  }

  @Test func everythingAfterTheTerminatorIsAnOperand() throws {
    let sample = try read("--out c -- --json -b")
    #expect(sample.source == "--json" && sample.goal == "-b" && !sample.json)
    #expect(try read("- b --out c").source == "-")
  }

  @Test(arguments: [
    ("a b", "--out DIR is missing (folder for the results)"),
    ("a --out c", "GOAL is missing (where to)"),
    (" b --out c", "SOURCE is missing (where from)"),
    ("a b c --out d", "c is one argument too many"),
    ("a b --out", "--out needs a value: --out DIR"),
    ("a b --out --json", "--out needs a value: --out DIR"),
    ("a b --out=", "--out needs a value: --out DIR"),
    ("a b --out c --json=yes", "--json takes no value, but yes was given"),
    ("a b --out c --no-flip=1", "--no-flip takes no value, but 1 was given"),
    ("a b --out c --count 0", "--count needs a whole number from 1 to 100, not 0"),
    ("a b --out c --count 1e2", "--count needs a whole number from 1 to 100, not 1e2"),
    (
      "a b --out c --count 99999999999999999999", "--count needs a whole number from 1 to 100, not 99999999999999999999"
    ),
    ("a b --out c --seed -1", "--seed needs a whole number, not -1"),
    ("a b --out c --steps many", "--steps needs a whole number, not many"),
    ("a b --out c --colour gren", "--colour cannot be gren; it is one of red, green, dark-blue; did you mean green?"),
    (
      "a b --out c --colour dark_blue",
      "--colour cannot be dark_blue; it is one of red, green, dark-blue; did you mean dark-blue?"
    ),
    ("a b --out c --colour mauve", "--colour cannot be mauve; it is one of red, green, dark-blue"),
    ("a b --out c --cuont 3", "there is no option --cuont; did you mean --count?"),
    ("a b --out c --no-fliip", "there is no option --no-fliip; did you mean --no-flip?"),
    ("a b --out c --xyzzy", "there is no option --xyzzy"),
    ("a b --out c --no-json", "there is no option --no-json; did you mean --json?"),
    ("a b --out c -j", "there is no option -j"),
    ("a b --out c --max-header", "--max-header is no option of this command, only of inspect, convert"),
  ])
  func wrongLinesAreNamed(line: String, expected: String) {
    let error = #expect(throws: UsageError.self) { try read(line) }
    #expect(error?.description == expected)
  }

  @Test func helpListsEveryOptionWithItsDefault() {
    #expect(
      HelpText.text(of: Sample()) == """
        translate-cli sample: exercise the parser

        Usage: translate-cli sample SOURCE GOAL --out DIR [options]

        Arguments:
          SOURCE                      where from
          GOAL                        where to

        Options:
          --json                      print JSON
          --flip, --no-flip           mirror [on]
          --count N                   how many [7]
          --seed N                    for chance [0]
          --steps N                   how far
          --colour red|green|dark-blue
                                      which [as it comes]
          --out DIR                   folder for the results
          --note TEXT                 to remember

        Examples:
          translate-cli sample a b --out c

        """)
  }
}

struct NearestWordTests {
  @Test(arguments: [
    ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("apply", "aply", 1),
    ("train", "trian", 1), ("ab", "", 2),
  ])
  func distances(first: String, second: String, expected: Int) {
    #expect(editDistance(Array(first), Array(second)) == expected)
    #expect(editDistance(Array(second), Array(first)) == expected)
  }

  @Test func suggestsOnlyWhatIsNear() {
    let words = ["train", "resume", "apply", "evaluate", "inspect"]
    #expect(nearestWord(to: "trian", among: words) == "train")
    #expect(nearestWord(to: "EVALUATE", among: words) == "evaluate")
    #expect(nearestWord(to: "insp", among: words) == "inspect")
    #expect(nearestWord(to: "banana", among: words) == nil)
    #expect(nearestWord(to: "x", among: words) == nil)
    #expect(nearestWord(to: String(repeating: "train", count: 1000), among: words) == nil)
    #expect(nearestWord(to: "--batch_size", among: ["--batch-size", "--load-size"]) == "--batch-size")
    #expect(nearestWord(to: "--preproc", among: ["--preprocess", "--load-size"]) == "--preprocess")
  }
}
