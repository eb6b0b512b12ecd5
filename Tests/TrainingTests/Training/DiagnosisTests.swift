import Foundation
import Images
import Testing
@testable import NeuralNet
@testable import Training

/// What a diagnosis says of losses, pictures and figures that are handed to it.
@Suite struct DiagnosisTests {
  private static let healthy = [1.2, 30.0, 0.4, 0.5]

  private func diagnosis(_ ganMode: AdversarialLoss = .vanilla, initFrom: String? = nil) -> Diagnosis {
    var configuration = TrainingConfiguration.paired
    configuration.ganMode = ganMode
    configuration.initFrom = initFrom
    return Diagnosis(configuration)
  }

  /// Raised kinds with their steps, where each step's losses are those of `losses`.
  private func raised(
    _ diagnosis: inout Diagnosis, steps: ClosedRange<Int>, _ losses: (Int) -> [Double]
  ) -> [TrainingAlarm] {
    steps.flatMap { diagnosis.observe(losses($0), step: $0) }
  }

  @Test func aDiscriminatorThatIsAlwaysRightHasWon() throws {
    var one = diagnosis()
    let alarms = raised(&one, steps: 1...3000) {
      $0 < 500 ? Self.healthy : [9, max(5, 30 - Double($0) / 100), 1e-4, 2e-4]
    }
    let alarm = try #require(alarms.first)
    #expect(alarms.count == 1 && alarm.kind == .discriminatorWon && alarm.isFatal)
    #expect(alarm.value < alarm.threshold && alarm.threshold == 0.01)
    // Half of the losses of before is forgotten every 50 steps, and it must last for 200.
    #expect((900...1200).contains(alarm.step))
    #expect(alarm.advice.settings == ["ndf", "gan-mode"])
  }

  /// Strong discriminators, those that lose where the generator does not suffer, and losses without a scale are no alarm.
  @Test func aStrongDiscriminatorHasNotWon() {
    var strong = diagnosis()
    #expect(
      raised(&strong, steps: 1...3000) { _ in [4, 20, 0.02, 0.03] }.filter { $0.kind == .discriminatorWon } == [])
    var harmless = diagnosis()
    #expect(raised(&harmless, steps: 1...900) { _ in [1, 20, 1e-4, 1e-4] } == [])
    var critic = diagnosis(.wgangp)
    #expect(raised(&critic, steps: 1...900) { _ in [5, 20, -3, -5] } == [])
    var dips = diagnosis()
    #expect(raised(&dips, steps: 1...900) { $0 % 300 < 150 ? Self.healthy : [9, 20, 1e-4, 1e-4] } == [])
  }

  @Test(arguments: [(AdversarialLoss.lsgan, 1.0), (.hinge, 1.5), (.minimax, -0.01)])
  func otherLossesHaveTheirOwnScale(loss: AdversarialLoss, generator: Double) {
    var one = diagnosis(loss)
    #expect(raised(&one, steps: 1...900) { _ in [generator, 20, 1e-4, 1e-4] }.map(\.kind) == [.discriminatorWon])
  }

  @Test func lossesInTheMillionsExplode() throws {
    var one = diagnosis()
    let alarms = raised(&one, steps: 1...200) { [1, 40 * pow(1.2, Double($0)), 0.5, 0.5] }
    #expect(alarms.map(\.kind) == [.explosion] && alarms.first?.threshold == 1000)
    var spikes = diagnosis()
    #expect(raised(&spikes, steps: 1...900) { $0 % 100 == 0 ? [500, 60, 30, 30] : Self.healthy } == [])
  }

  @Test func aLossThatStaysWhereItWasIsNoProgress() throws {
    var one = diagnosis()
    let alarm = try #require(raised(&one, steps: 1...2000) { _ in Self.healthy }.first)
    #expect(alarm.kind == .noProgress && alarm.step == 1199 && alarm.value == 1)
    var falling = diagnosis()
    #expect(raised(&falling, steps: 1...3000) { [1, 15 + 15 * exp(-Double($0) / 900), 0.5, 0.5] } == [])
    // Losses may hardly move while translations become better.
    var better = diagnosis()
    #expect(better.observe([], heldOut: 0.4, step: 1) == [] && better.observe([], heldOut: 0.3, step: 2) == [])
    #expect(raised(&better, steps: 1...2000) { _ in Self.healthy } == [])
    var worse = diagnosis()
    #expect(worse.observe([], heldOut: 0.4, step: 1) == [] && worse.observe([], heldOut: 0.395, step: 2) == [])
    #expect(raised(&worse, steps: 1...2000) { _ in Self.healthy }.map(\.kind) == [.noProgress])
    // Where weights come from elsewhere, or adversaries weigh more, nothing need fall; who has not seen the begin is silent.
    var tuned = diagnosis(initFrom: "old")
    #expect(raised(&tuned, steps: 1...2000) { _ in Self.healthy } == [])
    var adversarial = diagnosis()
    #expect(raised(&adversarial, steps: 1...2000) { _ in [2, 3, 0.4, 0.5] } == [])
    var late = diagnosis()
    #expect(raised(&late, steps: 500...2500) { _ in Self.healthy } == [])
  }

  @Test func heldOutFiguresThatRiseWhileTrainingFallsAreOverfitting() throws {
    func run(_ training: (Int) -> Double, _ heldOut: (Int) -> Double) -> [TrainingAlarm] {
      var one = diagnosis()
      return (1...4000).flatMap { step in
        one.observe([1, training(step), 0.5, 0.5], step: step)
          + (step % 200 == 0 ? one.observe([], heldOut: heldOut(step), step: step) : [])
      }
    }
    func falling(_ step: Int) -> Double { 10 + 30 * exp(-Double(step) / 500) }
    let rising = run(falling) { 0.3 + 0.1 * abs(Double($0) / 1000 - 1) }
    let alarm = try #require(rising.first)
    #expect(rising.count == 1 && alarm.kind == .overfitting && !alarm.isFatal && alarm.value > 1.15)
    #expect(run(falling) { 0.3 + 0.2 * exp(-Double($0) / 500) + ($0 % 400 == 0 ? 0.03 : 0) } == [])
    #expect(run({ 20 + 10 * exp(-Double($0) / 100) }) { 0.3 + Double($0) / 20_000 } == [], "training stands still")
  }

  // MARK: - Pictures

  /// Random coloured squares, four a side; `seed` tells them apart.
  private static func squares(_ seed: UInt64, side: Int = 64) -> Picture {
    var random = RandomGenerator(seed: seed)
    let colours = (0..<48).map { _ in UInt8(30 + random.integer(below: 196)) }
    return picture(side) { x, y, channel in Double(colours[(y * 4 / side * 4 + x * 4 / side) * 3 + channel]) }
  }

  private static func picture(_ side: Int, _ level: (Int, Int, Int) -> Double) -> Picture {
    Picture(
      width: side, height: side, channels: 3,
      pixels: (0..<side * side * 3).map { UInt8(min(max(level($0 / 3 % side, $0 / 3 / side, $0 % 3), 0), 255)) })
  }

  private static func changed(_ picture: Picture, _ level: (Int, Int, Double) -> Double) -> Picture {
    let side = picture.width
    return Self.picture(side) { level($0, $1, Double(picture.pixels[($1 * side + $0) * 3 + $2])) }
  }

  /// What is raised by sheets on which targets become translations in this way.
  private func raised(
    _ algorithm: TrainingAlgorithm = .paired, count: Int = 4, times: Int = 5, by output: (Picture) -> Picture
  ) -> [TrainingAlarm.Kind] {
    let targets = (0..<UInt64(count)).map { Self.squares($0) }
    let rows = targets.map { target in
      let input = Self.changed(target) { 200 - 0.6 * $2 + Double($0 % 7) + Double($1 % 5) }
      if algorithm == .paired { return [input, output(target), target] }
      return [target, output(target), target, target, target, target]
    }
    var diagnosis = Diagnosis(TrainingConfiguration(algorithm))
    let early = (1..<200).flatMap { diagnosis.observe(rows, heldOut: nil, step: $0) }
    #expect(early == [])
    return (1...times).flatMap { diagnosis.observe(rows, heldOut: nil, step: 200 * $0) }.map(\.kind)
  }

  @Test func translationsLikeTheirTargetsAreNoAlarm() {
    for algorithm in [TrainingAlgorithm.paired, .unpaired] {
      #expect(raised(algorithm) { $0 } == [])
      // Pale, and with some noise.
      #expect(raised(algorithm) { Self.changed($0) { 120 + 0.3 * $2 + Double(($0 * 7 + $1 * 13) % 11) } } == [])
    }
  }

  @Test func onePictureForAllIsACollapse() {
    for algorithm in [TrainingAlgorithm.paired, .unpaired] {
      #expect(raised(algorithm) { _ in Self.squares(99) } == [.generatorCollapsed])
      #expect(raised(algorithm, times: 2) { _ in Self.squares(99) } == [], "only if it lasts")
    }
    #expect(raised(count: 1) { _ in Self.squares(99) } == [], "one picture alone is like no other")
  }

  @Test func picturesWithoutContrastAreFlat() {
    #expect(
      raised { target in Self.picture(64) { _, _, _ in Double(target.pixels[0]) } }.contains(.flatOutput))
  }

  @Test func negativesAreInverted() {
    #expect(raised { Self.changed($0) { 255 - $2 } } == [.invertedColours])
    #expect(raised(.unpaired) { Self.changed($0) { 255 - $2 } } == [.invertedColours])
  }

  @Test(arguments: [2, 4])
  func gridsOfTheUpsamplingAreSeen(period: Int) {
    func grid(_ depth: Double) -> (Picture) -> Picture {
      { Self.changed($0) { $2 + ($0 % period < period / 2 ? depth : -depth) * ($1 % period < period / 2 ? 1 : -0.5) } }
    }
    #expect(raised(by: grid(16)) == [.checkerboard])
    #expect(raised(.unpaired, by: grid(16)) == [.checkerboard])
    #expect(raised(by: grid(1)) == [], "too weak to be seen")
    // A fence in one direction is a picture of something.
    #expect(raised { Self.changed($0) { x, _, level in level + (x % period < period / 2 ? 20 : -20) } } == [])
  }

  /// A grid that the targets have is what is to be learnt.
  @Test func gridsOfTheTargetsAreNoAlarm() {
    let rows = (0..<UInt64(4)).map { seed in
      let grid = Self.changed(Self.squares(seed)) { $2 + (($0 + $1) % 2 == 0 ? 16 : -16) }
      return [grid, grid, grid]
    }
    var diagnosis = diagnosis()
    #expect((1...5).flatMap { diagnosis.observe(rows, heldOut: nil, step: 200 * $0) } == [])
  }

  // MARK: - Going on

  @Test func whatIsRememberedGoesOnBitForBit() throws {
    let rows = (0..<UInt64(3)).map { [Self.squares($0), Self.squares(99), Self.squares($0)] }
    func losses(_ step: Int) -> [Double] { [9 + sin(Double(step)), 40 / Double(step + 1), 1e-4 / Double(step), 1e-3] }
    func observe(_ diagnosis: inout Diagnosis, _ steps: ClosedRange<Int>) -> [TrainingAlarm] {
      steps.flatMap { step in
        diagnosis.observe(losses(step), step: step)
          + (step % 100 == 0 ? diagnosis.observe(rows, heldOut: 1 + Double(step), step: step) : [])
      }
    }
    var whole = diagnosis()
    let all = observe(&whole, 1...700)
    #expect(Set(all.map(\.kind)) == [.generatorCollapsed, .discriminatorWon, .overfitting])
    var parts = diagnosis()
    var found: [TrainingAlarm] = []
    for begin in stride(from: 1, through: 700, by: 70) {
      found += observe(&parts, begin...begin + 69)
      let saved = try JSONDecoder().decode(DiagnosisState.self, from: JSONEncoder().encode(parts.state))
      parts = Diagnosis(.paired, resuming: saved)
    }
    #expect(found == all && parts.state == whole.state)
  }

  /// A damaged checkpoint's memory is forgotten, not trusted.
  @Test func memoryThatCannotBeIsForgotten() throws {
    var one = diagnosis()
    _ = one.observe(Self.healthy, step: 1)
    for damage in [
      { $0.slow = [] }, { $0.steps = -1 }, { $0.inARow = ["explosion/0": .max] }, { $0.smoothed[0] = .infinity },
      { $0.heldOut = [1, 2, 3, 4] }, { $0.bestHeldOut = 1 },
    ] as [(inout DiagnosisState) -> Void] {
      var state = one.state
      damage(&state)
      var diagnosis = Diagnosis(.paired, resuming: state)
      #expect(diagnosis.state == DiagnosisState())
      _ = diagnosis.observe(Self.healthy, step: 2)
      _ = diagnosis.observe([], heldOut: 1, step: 200)
    }
    #expect(Diagnosis(.paired, resuming: one.state).state == one.state)
  }
}
