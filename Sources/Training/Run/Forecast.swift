import Files
import Foundation
import Images
import NeuralNet
import Translate
import Weights

/// What a run will take of memory and disk, known before its first step.
package struct Forecast: Codable, Sendable, Equatable {
  /// What something takes.
  package struct Part: Codable, Sendable, Equatable {
    /// What it is.
    package var name: String
    package var bytes: Int
  }

  /// What is in memory at once.
  package var memory: [Part]
  /// What lies in the run folder at the end, and for a moment while it saves.
  package var disk: [Part]
  /// What of that are networks.
  package var footprint: RunFootprint
  /// Steps in all.
  package var steps: Int

  /// Bytes of memory that cannot be done without: pictures give way.
  package var leastMemory: Int { memory.filter { $0.name != Self.pictures }.reduce(0) { $0 + $1.bytes } }

  private static let pictures = "decoded pictures"
  /// What a program takes beside its network: code, libraries, scratch of threads and of saving; measured.
  private static let program = 96 << 20
  /// PNG keeps about this share of a picture's bytes.
  private static let compressed = 0.6
}

extension Forecast {
  /// What a run of `configuration` on `data` will take.
  ///
  /// - Parameters:
  ///   - model: its model; passes for the largest picture are planned by this, so the first step plans nothing
  ///   - averages: of its generators; nil: there are none
  ///   - images: of a batch that are here at once; nil: all
  ///   - cacheBytes: what decoded pictures may take
  ///   - room: the memory that there was before anything large was taken; nil: nobody knows
  /// - Throws: `FileError` where networks cannot take such pictures, or it clearly does not fit
  init(
    _ configuration: TrainingConfiguration, _ data: DataFolder, _ model: any TranslationModel,
    _ averages: GeneratorAverages?, images share: Int? = nil, cacheBytes: Int, room: Int?
  ) throws {
    let preparation = ImagePreparation(configuration)
    let (part, batch) = (data.training, configuration.batchSize)
    func largest(_ files: [DataFile]) -> (width: Int, height: Int) {
      files.compactMap(part.size).map { preparation.preparedSize(width: $0.width, height: $0.height) }
        .max { $0.width * $0.height < $1.width * $1.height } ?? (configuration.cropSize, configuration.cropSize)
    }
    let (a, b) = (largest(part.filesA), largest(part.filesB.isEmpty ? part.filesA : part.filesB))
    var (first, second) = configuration.direction == .aToB ? (a, b) : (b, a)
    if part.arrangement == .oneFolder { (first, second) = (preparation.inputSize(of: a), a) }
    let here = share ?? batch
    let input = Shape(here, configuration.inputChannels, first.height, first.width)
    let target = Shape(here, configuration.outputChannels, second.height, second.width)
    try model.prepare(input: input, target: target)

    let numbers = model.networks.reduce(0) { $0 + $1.network.parameters.storage } * MemoryLayout<Float>.stride
    let extra = model.extraBytes(input: input, target: target)
    memory = [
      Part(name: "weights and moments", bytes: 3 * numbers + (share == nil ? model.gradientBytes : numbers)),
      Part(name: "activations", bytes: model.plannedBytes), Part(name: "earlier translations", bytes: extra),
      Part(name: "the generators' average", bytes: averages?.bytes ?? 0),
      Part(name: Self.pictures, bytes: min(cacheBytes, Self.decoded(part, preparation))),
      Part(name: "the program", bytes: Self.program),
    ].filter { $0.bytes > 0 }

    let images = part.arrangement == .unpairedFolders ? max(part.countA, part.countB) : part.countA
    let stepsPerEpoch = (images + batch - 1) / batch
    steps = configuration.steps ?? (configuration.epochs + configuration.decayEpochs) * stepsPerEpoch
    let sheets = SampleSchedule(every: configuration.sampleEvery).count(upTo: steps)
    let rows = SamplePictures.rowCount(data.heldOut ?? part)
    let sheet = Double(rows * configuration.algorithm.sampleTitles.count * 3 * max(input.pixels, target.pixels) / here)
    footprint = RunFootprint(
      model, averages, extra: extra,
      keepsBest: data.heldOut != nil && !configuration.algorithm.heldOutFigures.isEmpty,
      epochs: steps / max(1, stepsPerEpoch), keepEvery: configuration.keepEvery)
    disk =
      footprint.parts + [
        Part(name: "\(sheets) sample sheets", bytes: Int(min(Double(sheets) * sheet * Self.compressed, 1e15)))
      ]
    try requireMemory(room)
  }

  /// What a run of `configuration` on `data` would take, without a run.
  ///
  /// - Throws: as the other
  package init(_ configuration: TrainingConfiguration, _ data: DataFolder) throws {
    let room = SystemMemory.behindAddresses
    var random = RandomGenerator(seed: configuration.seed)
    let processor = try Processor(threads: configuration.threads)
    let model = try configuration.algorithm.makeModel(configuration, processor, &random)
    let averages = try GeneratorAverages.asked(by: configuration, of: model, processor)
    try self.init(configuration, data, model, averages, cacheBytes: SessionLimits().cacheBytes, room: room)
  }

  /// Bytes of all pictures of a part, resized.
  private static func decoded(_ part: DataPart, _ preparation: ImagePreparation) -> Int {
    func bytes(_ files: [DataFile], _ channels: Int) -> Int {
      files.compactMap(part.size).reduce(0) { sum, size in
        let resized = preparation.resizedSize(width: size.width, height: size.height)
        return sum + resized.width * resized.height * channels
      }
    }
    return bytes(part.filesA, preparation.numbersA.storedSamples)
      + bytes(part.arrangement == .sideBySide ? part.filesA : part.filesB, preparation.numbersB.storedSamples)
  }

  /// Refuses a run that clearly does not fit.
  ///
  /// - Parameter available: what the machine and the limits on this process leave, asked before anything large was taken;
  ///   nil: nobody knows
  /// - Throws: `FileError` with what is needed, for what, and what would help
  func requireMemory(_ available: Int?) throws {
    guard let available, leastMemory > available else { return }
    let parts = memory.filter { $0.name != Self.pictures }.map { "\($0.name) \(SystemMemory.text($0.bytes))" }
    throw FileError(
      path: nil,
      problem:
        "training needs \(SystemMemory.text(leastMemory)) of memory for \(parts.joined(separator: ", ")), but can "
        + "have only \(SystemMemory.text(available))",
      advice: """
        choose a smaller \(setting: "batch-size"), \(setting: "crop-size") or network (\(setting: "ngf"), \
        \(setting: "ndf")), or give the program more memory
        """)
  }

  /// The forecast in two lines for a person.
  package var lines: [String] {
    [Self.line("memory", memory), Self.line("disk", disk)]
  }

  private static func line(_ title: String, _ parts: [Part]) -> String {
    let sum = SystemMemory.text(parts.reduce(0) { $0 + $1.bytes })
    return
      "\(title): about \(sum) (\(parts.map { "\($0.name) \(SystemMemory.text($0.bytes))" }.joined(separator: ", ")))"
  }
}

/// How long a run will take, from its first steps.
package struct DurationForecast: Sendable {
  /// The first steps, which also warm caches up, do not count.
  private static let warming = 2
  /// A forecast needs so many steps, or so many seconds of them.
  private static let enoughSteps = 10
  private static let enoughSeconds = 30.0
  private static let fewestSteps = 3

  private var seconds: [Double] = []
  private var isDone = false

  package init() {}

  /// Takes note of a step.
  ///
  /// - Parameters:
  ///   - seconds: what it took
  ///   - remaining: steps that are left
  /// - Returns: seconds of the whole session, once; nil before enough is known and ever after
  package mutating func observe(_ seconds: Double, remaining: Int) -> Double? {
    guard !isDone else { return nil }
    self.seconds.append(seconds)
    let timed = self.seconds.dropFirst(Self.warming)
    let sum = timed.reduce(0, +)
    guard timed.count >= Self.enoughSteps || timed.count >= Self.fewestSteps && sum >= Self.enoughSeconds else {
      return nil
    }
    isDone = true
    // The median: a sample sheet or a save between two steps is no part of the next one.
    let usual = timed.sorted()[timed.count / 2]
    return self.seconds.reduce(0, +) + usual * Double(remaining)
  }
}
