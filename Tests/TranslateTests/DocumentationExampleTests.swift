import DemoData
import Foundation
import TestSupport
import Testing
import Training
import Translate

// The functions are those of the pages in Sources/Translate/Translate.docc, word for word; a test compares them.

/// Translates a bitmap as it lies in memory, and gives one of the same form back.
func translated(
  bitmap: [UInt8], width: Int, height: Int, bytesPerRow: Int, with translator: AsyncTranslator
) async throws -> [UInt8] {
  let format = PixelFormat(.bgra, .premultiplied)
  let picture = try Picture(bytes: bitmap, width: width, height: height, bytesPerRow: bytesPerRow, format: format)
  return try await translator.translate(picture).bytes(format, bytesPerRow: bytesPerRow)
}

/// Translates all PNG files of a folder that have no translation yet; returns those that could not be translated.
func translateFolder(_ input: String, to output: String, model: String) async throws -> [FileError] {
  var folder = FolderTranslation(input, to: output)
  folder.recursive = true
  folder.skipsExisting = true
  var failures: [FileError] = []
  for try await progress in folder.progress(with: try await AsyncTranslator(model: model)) {
    if let failure = progress.failure { failures.append(failure) }
    print("\(progress.done) of \(progress.total): \(progress.path)")
  }
  return failures
}

/// Trains a small model on pairs. Where the task is cancelled, all is saved before this returns.
func train(data: String, run: String) async throws {
  var settings = TrainingConfiguration.paired
  settings.generator = .unet(levels: 5)
  settings.ngf = 8
  settings.loadSize = 40
  settings.cropSize = 32
  settings.steps = 3
  let configuration = settings
  for try await progress in TrainingSession.progress(of: {
    try TrainingSession(starting: configuration, data: data, run: run)
  }) where progress.event == .step {
    print(progress.step, progress.losses.map { "\($0.name) \($0.value)" })
  }
}

/// Goes on where the run was left, as if nothing had happened.
func resume(run: String, steps: Int) async throws -> TrainingOutcome {
  try await TrainingSession.train { try TrainingSession(resuming: run) { $0.steps = steps } }
}

/// Writes the generator of a run for PyTorch and for ONNX Runtime, and tells what it is.
func export(run: String, to name: String) throws -> String {
  try WeightsConversion.convert(path: run, to: name + ".pth")
  try WeightsConversion.convert(path: run, to: name + ".onnx")
  let network = try ModelInspection(name + ".pth").networks[0]
  return "\(network.architecture ?? "unknown"), \(network.parameters) parameters"
}

@Suite struct DocumentationExampleTests {
  private let catalogue = fixtures.deletingLastPathComponent().appendingPathComponent(
    "Sources/Translate/Translate.docc")

  /// All of them in turn: each page goes on with what the one before has made.
  @Test func theyRun() async throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder("data"), count: 4, size: 64, seed: 0)
    try await train(data: folder("data"), run: folder("run"))
    #expect(try await resume(run: folder("run"), steps: 5) == .finished)

    #expect(try export(run: folder("run"), to: folder("model")).hasPrefix("unet_32, "))
    #expect(FileManager.default.fileExists(atPath: folder("model.onnx")))

    try folder.image("pictures/a.png", width: 40, height: 40)
    try folder.image("pictures/sub/b.png", width: 40, height: 40)
    try folder.write("pictures/c.png")
    let failures = try await translateFolder(folder("pictures"), to: folder("out"), model: folder("run"))
    #expect(failures.map(\.path) == [folder("pictures/c.png")])
    #expect(FileManager.default.fileExists(atPath: folder("out/sub/b.png")))

    let bitmap = (0..<33 * 135).map { UInt8($0 % 256) }
    let translator = try await AsyncTranslator(model: folder("run"))
    let output = try await translated(bitmap: bitmap, width: 33, height: 33, bytesPerRow: 135, with: translator)
    #expect(output.count == bitmap.count && output != bitmap)
    for pixel in 0..<33 { #expect(output[4 * pixel + 3] == bitmap[4 * pixel + 3]) }
  }

  @Test func theyStandOnThePages() throws {
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    var examples = 0
    for page in ["Translate", "Translating", "Training", "Weights"] {
      let text = try String(contentsOf: catalogue.appendingPathComponent(page + ".md"), encoding: .utf8)
      for part in text.components(separatedBy: "```swift\n").dropFirst() {
        let lines = try #require(part.components(separatedBy: "```").first).split(
          separator: "\n", omittingEmptySubsequences: false)
        let code = lines.drop { $0.hasPrefix("import ") || $0.isEmpty }.joined(separator: "\n")
        #expect(source.contains("\n" + code), "\(page)")
        examples += 1
      }
    }
    #expect(examples == 4)
  }

  /// Pages that the landing page leads to are there, and no others.
  @Test func thePagesAreLinked() throws {
    let landing = try String(contentsOf: catalogue.appendingPathComponent("Translate.md"), encoding: .utf8)
    let linked = landing.matches(of: /<doc:(\w+)>/).map { $0.1 + ".md" }
    let pages = try FileManager.default.contentsOfDirectory(atPath: catalogue.path)
    #expect(Set(linked).union(["Translate.md"]) == Set(pages.map { Substring($0) }))
  }
}
