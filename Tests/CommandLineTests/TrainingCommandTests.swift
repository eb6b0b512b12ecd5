import TestSupport
@testable import translate_cli
import Files
import Foundation
import Testing
@testable import DemoData
@testable import Images
@testable import Training

/// Training as a user runs it, with networks that are small enough for a test.
struct TrainingCommandTests {
  fileprivate static let small = [
    "--generator", "unet_32", "--ngf", "4", "--ndf", "4", "--load-size", "36", "--crop-size", "32", "--sample-every",
    "100",
  ]

  /// A folder with drawn pairs of 32 × 32 pixels in `data`.
  private func folder(count: Int = 4) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: count, size: 32)
    return folder
  }

  private func train(_ folder: TemporaryFolder, _ run: String, _ options: [String]) throws -> BuiltProgram.Outcome {
    try BuiltProgram.run(["train", "paired", "data", "--out", run] + Self.small + options, in: folder.url)
  }

  @Test func stoppingAndResumingChangesNothing() throws {
    let folder = try folder()
    #expect(try train(folder, "whole", ["--steps", "11", "--threads", "1"]).status == 0)
    #expect(try train(folder, "parts", ["--steps", "6", "--threads", "2"]).status == 0)
    #expect(try BuiltProgram.run(["resume", "parts", "--steps", "11"], in: folder.url).status == 0)
    for name in ["checkpoint.safetensors", "generator.safetensors", "samples/step-0000011.png"] {
      let whole = try Data(contentsOf: folder.url.appendingPathComponent("whole/" + name))
      let parts = try Data(contentsOf: folder.url.appendingPathComponent("parts/" + name))
      if name.hasPrefix("checkpoint") {
        // The checkpoint also counts seconds, in its header.
        #expect(whole.suffix(100_000) == parts.suffix(100_000), "\(name)")
      } else {
        #expect(whole == parts, "\(name)")
      }
    }
    func losses(_ run: String) throws -> [Substring] {
      try String(contentsOf: folder.url.appendingPathComponent(run + "/losses.csv"), encoding: .utf8)
        .split(separator: "\n").map { line in
          var fields = line.split(separator: ",")
          fields.remove(at: fields.count - 2)  // seconds
          return fields.joined(separator: ",")[...]
        }
    }
    #expect(try losses("whole") == losses("parts"))
    #expect(try losses("whole").count == 12)
  }

  @Test func aRunFolderHoldsWhatIsPromised() throws {
    let folder = try folder()
    let outcome = try train(folder, "run", ["--steps", "2", "--quiet", "--json"])
    #expect(outcome.status == 0 && outcome.errors == "")
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/run").sorted()
    #expect(
      names == [
        "checkpoint.safetensors", "config.json", "generator.safetensors", "generator_best.safetensors", "index.html",
        "losses.csv", "metrics.csv", "samples", "samples/step-0000001.png", "samples/step-0000002.png",
      ])
    let summary = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(summary["step"] as? Int == 2 && summary["finished"] as? Bool == true && summary["run"] as? String == "run")
    let best = try #require(summary["best"] as? [String: Any])
    #expect(best["figure"] as? String == "l1" && best["step"] as? Int == 2)
    #expect((summary["losses"] as? [String: Double])?.keys.sorted() == ["D_fake", "D_real", "G_GAN", "G_L1"])
    let description = try RunDescription.read(runFolder: folder.path + "/run")
    #expect(description.commandLine.prefix(6) == ["translate-cli", "train", "paired", "data", "--out", "run"])
    #expect(description.configuration.steps == 2 && description.configuration.generator == .unet(levels: 5))
    let inspected = try BuiltProgram.run(["inspect", "run"], in: folder.url)
    #expect(
      inspected.output.hasPrefix(
        "run: paired training of unet_32, batch norm, 4 filters, AtoB\n  trained: 2 steps, epoch "))
    #expect(inspected.output.contains("settings: batch norm, 4 filters, 3 → 3 channels, 5 levels, dropout, transposed"))
  }

  @Test func aPaddedCropIsSaidBeforeTraining() throws {
    let outcome = try train(folder(), "run", ["--steps", "1", "--crop-size", "24", "--quiet"])
    #expect(outcome.status == 0)
    #expect(
      outcome.errors
        == "warning: --crop-size 24 is padded to 32 for unet_32, which takes multiples of 32: a step costs as much as at "
        + "32; choose --crop-size 32, or another --generator\n")
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
  func signalsSaveAndSayHowToGoOn(signal: Int32, status: Int32) throws {
    let folder = try folder()
    let running = try BuiltProgram.start(
      ["train", "paired", "data", "--out", "a run", "--steps", "1000000"] + Self.small, in: folder.url)
    let losses = folder.url.appendingPathComponent("a run/losses.csv")
    #expect(running.wait { rows(losses) >= 3 })
    kill(running.process.processIdentifier, signal)
    // A lost connection is told by the shell and, when that ends, by the system.
    if signal == SIGHUP {
      Thread.sleep(forTimeInterval: 0.005)
      kill(running.process.processIdentifier, signal)
    }
    let outcome = running.wait()
    #expect(outcome.status == status && running.process.terminationReason == .exit)
    let last = try #require(outcome.errors.split(separator: "\n").last)
    let told = try #require(
      last.wholeMatch(of: /stopped after step (\d+) and saved; go on with: translate-cli resume 'a run'/))
    let written = try String(contentsOf: losses, encoding: .utf8).split(separator: "\n")
    #expect(written.last?.hasPrefix(told.1 + ",") == true)
    let next = (Int(told.1) ?? 0) + 1
    let resumed = try BuiltProgram.run(["resume", "a run", "--steps", "\(next)"], in: folder.url)
    #expect(resumed.status == 0)
    #expect(resumed.errors.contains("going on after step \(told.1)\n"))
  }

  /// Whole lines of a file, none where it is not there.
  private func rows(_ file: URL) -> Int {
    ((try? Data(contentsOf: file)) ?? Data()).count { $0 == UInt8(ascii: "\n") }
  }

  /// Starts an endless run and waits for its first steps.
  private func startEndless(_ folder: TemporaryFolder, _ options: [String] = []) throws -> BuiltProgram.Running {
    let running = try BuiltProgram.start(
      ["train", "paired", "data", "--out", "run", "--steps", "1000000", "--quiet"] + Self.small + options,
      in: folder.url)
    #expect(running.wait { rows(folder.url.appendingPathComponent("run/losses.csv")) >= 3 })
    return running
  }

  @Test func oneProcessAtATime() throws {
    let folder = try folder()
    let running = try startEndless(folder, ["--save-every", "1000000"])
    let number = running.process.processIdentifier
    for words in [
      ["resume", "run"], ["train", "paired", "data", "--out", "run"],
      ["train", "paired", "data", "--out", "run", "--overwrite"],
    ] {
      let refused = try BuiltProgram.run(words, in: folder.url)
      #expect(refused.status == 1)
      let sentence = try Regex(
        "translate-cli [a-z ]+: run: is in use: process \(number) on [^ ]+ trains in it since [0-9-]+ [0-9:]+; "
          + "wait for its end, or stop it with kill \(number)\n")
      #expect(refused.errors.wholeMatch(of: sentence) != nil, "\(refused.errors)")
    }
    // Whoever only looks is let in.
    #expect(try BuiltProgram.run(["report", "run"], in: folder.url).status == 0)
    #expect(try BuiltProgram.run(["check", "data"], in: folder.url).status == 0)
    let log = folder.url.appendingPathComponent("run/losses.csv")
    let before = rows(log)
    #expect(running.wait { rows(log) > before })

    // The lock dies with its process.
    running.killAtOnce()
    let left = try BuiltProgram.run(["resume", "run"], in: folder.url)
    #expect(left.errors.contains("the run was stopped before its first save; start it again with --overwrite"))
    #expect(try train(folder, "run", ["--steps", "2", "--overwrite"]).status == 0)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/run/.lock"))
  }

  @Test func aRunIsReadableWhileItGoesOn() throws {
    let folder = try folder()
    let running = try startEndless(folder, ["--save-every", "1"])
    let weights = folder.path + "/run/generator.safetensors"
    #expect(running.wait { FileManager.default.fileExists(atPath: weights) })
    #expect(try BuiltProgram.run(["inspect", "run", "--json"], in: folder.url).status == 0)
    let applied = try BuiltProgram.run(
      ["apply", "run", "data/val", "--half", "left", "--out", "out", "--quiet"], in: folder.url)
    #expect(applied.status == 0, "\(applied.errors)")
    running.killAtOnce()
    let step = rows(folder.url.appendingPathComponent("run/losses.csv"))
    #expect(try BuiltProgram.run(["resume", "run", "--steps", "\(step + 1)"], in: folder.url).status == 0)
  }

  @Test func nohupIsKept() throws {
    let folder = try folder()
    let program = try #require(BuiltProgram.url)
    let command =
      "trap '' HUP; exec '\(program.path)' train paired data --out run --steps 1000000 "
      + Self.small.joined(separator: " ")
    let running = try BuiltProgram.start(URL(fileURLWithPath: "/bin/sh"), ["-c", command], in: folder.url)
    let log = folder.url.appendingPathComponent("run/losses.csv")
    #expect(running.wait { rows(log) >= 3 })
    kill(running.process.processIdentifier, SIGHUP)
    let before = rows(log)
    #expect(running.wait { rows(log) > before + 10 })
    kill(running.process.processIdentifier, SIGTERM)
    #expect(running.wait().status == 143)
  }

  /// `2>&1 | head -n 1`: whoever reads goes away, the work is done all the same.
  @Test(arguments: [
    "train paired data --out new --steps 300 --json " + TrainingCommandTests.small.joined(separator: " "),
    "check data --json", "inspect run",
    "--help",
  ])
  func closedPipesEndNothing(words: String) throws {
    let folder = try folder()
    if words.hasPrefix("inspect") { #expect(try train(folder, "run", ["--steps", "1"]).status == 0) }
    let program = try #require(BuiltProgram.url)
    // The reader is gone before the first word.
    let command = "( sleep 0.3; '\(program.path)' \(words); echo $? > status ) 2>&1 | true"
    let running = try BuiltProgram.start(
      URL(fileURLWithPath: "/usr/bin/env"), ["bash", "-c", "trap - PIPE; " + command], in: folder.url)
    _ = running.wait()
    #expect(try String(contentsOfFile: folder.path + "/status", encoding: .utf8) == "0\n")
    if words.hasPrefix("train") { #expect(rows(folder.url.appendingPathComponent("new/losses.csv")) == 301) }
  }

  @Test func damagedPicturesAreNamedOrLeftOut() throws {
    let folder = try folder()
    let path = "data/train/facade_0002.png"
    let file = folder.url.appendingPathComponent(path)
    try Data(contentsOf: file).prefix(900).write(to: file)
    let refused = try train(folder, "run", ["--steps", "3"])
    #expect(refused.status == 1)
    #expect(
      refused.errors == "translate-cli train paired: \(path): is a PNG image that was cut off; get the file again\n")
    let checked = try BuiltProgram.run(["check", "data"], in: folder.url)
    #expect(checked.status == 1 && checked.errors == "")
    #expect(checked.output.hasSuffix("1 problem:\n  \(path): is a PNG image that was cut off; get the file again\n"))
    let skipped = try train(folder, "run", ["--steps", "3", "--skip-damaged", "--quiet"])
    #expect(skipped.status == 0)
    #expect(skipped.errors == "warning: \(path): is a PNG image that was cut off; it is left out\n")
    let page = try String(contentsOfFile: folder.path + "/run/index.html", encoding: .utf8)
    #expect(page.contains("1 damaged picture was left out"))
    let resumed = try BuiltProgram.run(["resume", "run", "--steps", "5", "--quiet"], in: folder.url)
    #expect(resumed.status == 0)
    #expect(
      resumed.errors.hasPrefix("warning: /")
        && resumed.errors.hasSuffix("/\(path): is a PNG image that was cut off; it is left out\n"))
  }

  /// What is said of a picture that turns bad on the way.
  @Test func leavingOutIsSaidOnTheWay() throws {
    let folder = try folder()
    var configuration = TrainingConfiguration.paired
    (configuration.generator, configuration.ngf, configuration.ndf) = (.unet(levels: 5), 4, 4)
    (configuration.loadSize, configuration.cropSize, configuration.steps) = (36, 32, 9)
    configuration.skipDamaged = true
    var limits = SessionLimits()
    (limits.survey, limits.cacheBytes) = (.zero, 0)
    let session = try TrainingSession(
      starting: configuration, data: folder.path + "/data", run: folder.path + "/run", limits: limits)
    let path = folder.path + "/data/train/facade_0003.png"
    try Data(contentsOf: URL(fileURLWithPath: path)).prefix(900).write(to: URL(fileURLWithPath: path))
    let capture = CapturedConsole()
    let status = try TrainingDialogue(console: capture.console, isQuiet: true, json: false).run(session)
    #expect(status == .success)
    #expect(capture.error == "warning: \(path): is a PNG image that was cut off; it is left out\n")
  }

  @Test func whatIsThereIsNotOverwritten() throws {
    let folder = try folder()
    #expect(try train(folder, "run", ["--steps", "1"]).status == 0)
    let again = try train(folder, "run", ["--steps", "1"])
    #expect(again.status == 1)
    #expect(
      again.errors
        == "translate-cli train paired: run: holds another run; go on with it (resume), choose another --out, or add "
        + "--overwrite\n")
    #expect(try train(folder, "run", ["--steps", "1", "--overwrite"]).status == 0)
    let same = try train(folder, "./data/../data", ["--steps", "1"])
    #expect(same.status == 2 && same.errors.contains("--out needs another folder than DATA, not ./data/../data"))
    let finished = try BuiltProgram.run(["resume", "run"], in: folder.url)
    #expect(finished.status == 1)
    #expect(
      finished.errors
        == "translate-cli resume: run: has done all of its 1 steps; --steps none goes on to step 800, the end of its 200 "
        + "epochs, a larger number to that step\n")
    let wrong = try BuiltProgram.run(["resume", "run", "--epochs", "-1"], in: folder.url)
    #expect(wrong.status == 2 && wrong.errors.contains("resume: --epochs is -1; give 0 to 1000000"))
  }

  /// What is said after `--steps`, and on resume, does what it says.
  @Test func aRunGoesOnAsItIsAdvised() throws {
    let folder = try folder()
    let short = try train(folder, "a run", ["--steps", "2", "--epochs", "2", "--decay-epochs", "0"])
    let advice =
      "go on with: translate-cli resume 'a run' --steps none (to step 8, the end of its 2 epochs), or a larger number\n"
    #expect(short.errors.hasSuffix(advice), "\(short.errors)")
    let changed = try BuiltProgram.run(
      ["resume", "a run", "--steps", "none", "--learning-rate", "0.001", "--lambda-l1", "50"], in: folder.url)
    #expect(changed.status == 0 && changed.errors.contains("trained to step 8 "), "\(changed.errors)")
    #expect(!changed.errors.contains("go on with"))
    let config = try String(contentsOfFile: folder.path + "/a run/config.json", encoding: .utf8)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(config.utf8)) as? [String: Any])
    let history = try #require(object["history"] as? [[String: Any]])
    #expect(history.compactMap { $0["setting"] as? String } == ["steps", "lambda_l1", "learning_rate"])
    #expect(history.compactMap { $0["step"] as? Int } == [2, 2, 2])
    #expect(history[0]["to"] is NSNull && history[2]["from"] as? Double == 0.0002)
    let inspected = try BuiltProgram.run(["inspect", "a run"], in: folder.url)
    #expect(inspected.output.contains("\n  changed after step 2: learning_rate from 0.0002 to 0.001\n"))
    let finished = try BuiltProgram.run(["resume", "a run"], in: folder.url)
    #expect(finished.errors.hasSuffix("has done all of its 8 steps; raise --epochs, or give --steps to go on\n"))
  }

  /// What cannot change is refused by its name and value, and is no option that help lists.
  @Test func whatCannotChangeOnTheWayIsRefused() throws {
    let folder = try folder()
    #expect(try train(folder, "run", ["--steps", "1"]).status == 0)
    func resume(_ options: String) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run(
        ["resume", "run", "--steps", "2"] + options.split(separator: " ").map(String.init), in: folder.url)
    }
    for (options, problem) in [
      ("--ngf 8", "--ngf was 4 at the start of the run and cannot change on the way; "),
      ("--no-flip", "--flip was on at the start of the run and cannot change on the way; "),
      ("--lambda-a 3", "--lambda-a is no setting of paired training; leave it out "),
      ("--ngf 8.5", "--ngf needs a whole number, not 8.5 "),
    ] {
      let refused = try resume(options)
      #expect(refused.status == 2)
      #expect(refused.errors.hasPrefix("translate-cli resume: " + problem), "\(refused.errors)")
    }
    #expect(try resume("--ngf 4").status == 0)
    let help = runInProcess(["resume", "--help"]).output
    #expect(help.contains("--learning-rate X") && help.contains("--lambda-identity X") && !help.contains("--ngf"))
    #expect(
      runInProcess(["apply", "--ngf", "3"]).error.contains(
        "only of train paired, train unpaired, train enlarge, train generate, check ("))
  }

  /// An alarm is a line when it begins and at the end, and ends a run that is told to stop by it.
  @Test func alarmsAreSaidAndStopARun() throws {
    let folder = try folder()
    let failing = ["--norm", "none", "--gan-mode", "lsgan", "--learning-rate", "0.5"]
    let outcome = try train(folder, "run", ["--steps", "40", "--stop-when-dead", "--quiet"] + failing)
    #expect(outcome.status == 1)
    let lines = outcome.errors.split(separator: "\n").map(String.init)
    #expect(lines.count == 2, "\(outcome.errors)")
    let words = lines.first ?? ""
    let step = try #require(Int(words.dropFirst("warning: step ".count).prefix { $0.isNumber }), "\(words)")
    #expect(words.hasPrefix("warning: step \(step): losses explode: one is "))
    #expect(
      words.hasSuffix(
        "(alarm above 1000); start again with a lower --learning-rate, or another --gan-mode or --norm"))
    let last = lines.last ?? ""
    #expect(last.hasPrefix("translate-cli: stopped after step \(step) and saved, since losses explode: one is "))
    #expect(last.hasSuffix("; to go on all the same: translate-cli resume run --no-stop-when-dead"))
    let table = try String(contentsOfFile: folder.path + "/run/alarms.csv", encoding: .utf8)
    #expect(table.hasPrefix("step,alarm,value,threshold,advice\n\(step),explosion,"))

    let resumed = try BuiltProgram.run(
      ["resume", "run", "--no-stop-when-dead", "--steps", "\(step + 1)", "--json"], in: folder.url)
    #expect(resumed.status == 0)
    #expect(resumed.errors.contains("\nwarning: since step \(step): losses explode"))
    #expect(!resumed.errors.contains("warning: step"))
    #expect(resumed.output.contains("\"kind\" : \"explosion\""))
  }

  /// Memory and disk before the first step, time after some, and as `check` foresees them.
  @Test func whatARunTakesIsSaidBeforehand() throws {
    let folder = try folder()
    let outcome = try train(folder, "run", ["--steps", "20"])
    let lines = outcome.errors.split(separator: "\n")
    func place(_ beginning: String) throws -> Int {
      try #require(lines.firstIndex { $0.hasPrefix(beginning) })
    }
    let memory = try place("memory: about ")
    let disk = try place("disk: about ")
    let begin = try place("step 0/20")
    #expect(memory < disk && disk < begin)
    let times = lines.filter { $0.hasPrefix("about ") && $0.hasSuffix(" in all") }
    #expect(times.count == 1, "\(outcome.errors)")

    let options = ["--generator", "unet_32", "--ngf", "4", "--ndf", "4", "--load-size", "36", "--crop-size", "32"]
    let check = runInProcess(["check", folder.path + "/data", "--steps", "20"] + options)
    #expect(check.status == .success)
    #expect(check.output.contains("\ntraining: 20 steps with these settings\n\(lines[memory])\n"), "\(check.output)")
    let usual = runInProcess(["check", folder.path + "/data", "--json"])
    let larger = try JSONDecoder().decode(DataCheck.self, from: Data(usual.output.utf8)).forecast
    #expect((larger?.leastMemory ?? 0) > 600_000_000 && larger?.steps == 800)
  }

  @Test func unpairedTrainingWritesBothDirections() throws {
    let folder = try TemporaryFolder()
    try DemoData.writeUnpaired(to: folder.path + "/data", count: 3, size: 32)
    let outcome = try BuiltProgram.run(
      [
        "train", "unpaired", "data", "--out", "run", "--generator", "resnet_1blocks", "--ngf", "4", "--ndf", "4",
        "--load-size", "36", "--crop-size", "32", "--steps", "2",
      ], in: folder.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/run")
    #expect(Set(names).isSuperset(of: ["generator_AtoB_best.safetensors", "generator_BtoA_best.safetensors"]))
    #expect(Set(names).isSuperset(of: ["generator_AtoB.safetensors", "generator_BtoA.safetensors", "index.html"]))
    let header = try String(contentsOfFile: folder.path + "/run/losses.csv", encoding: .utf8).split(separator: "\n")[0]
    #expect(header == "step,epoch,D_A,G_A,cycle_A,idt_A,D_B,G_B,cycle_B,idt_B,seconds,learning_rate")
  }
}
