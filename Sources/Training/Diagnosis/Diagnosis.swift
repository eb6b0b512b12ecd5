import Images
import NeuralNet

/// Watches a run: it is told the losses of every step, and the pictures and figures of sample steps, and raises alarms.
///
/// It knows no algorithm, only which part each loss plays and which picture of a sample is what. A kind is raised once in a
/// run, and only after it was seen for a while: a false alarm on a healthy run would be worse than a late one.
struct Diagnosis {
  /// What it remembers.
  private(set) var state = DiagnosisState()
  private let game: Game
  private let reconstruction: [Int]
  private let adversarial: [Int]
  private let translations: [TrainingAlgorithm.SampleTranslation]
  /// Whether weights were drawn: others may have nothing left to learn at the begin.
  private let startsFresh: Bool

  /// Discriminators and generators that play against each other.
  private struct Game {
    /// Indices of losses by the number of the game.
    var players: [(discriminator: [Int], generator: [Int])]
    /// What the losses of a draw are; nil where losses have no scale.
    var draw: (discriminator: Double, generator: Double)?
  }

  /// A diagnosis of runs with these settings.
  ///
  /// - Parameter saved: what one has remembered that stopped; what does not fit is forgotten
  init(_ configuration: TrainingConfiguration, resuming saved: DiagnosisState? = nil) {
    let losses = configuration.algorithm.losses
    func indices(_ role: TrainingAlgorithm.Loss.Role) -> [Int] { losses.indices.filter { losses[$0].role == role } }
    var games = Set<Int>()
    for loss in losses { if case .adversarial(let game) = loss.role { games.insert(game) } }
    game = Game(
      players: games.sorted().map { (indices(.discriminator(game: $0)), indices(.adversarial(game: $0))) }
        .filter { !$0.0.isEmpty },
      draw: configuration.ganMode.draw)
    adversarial = games.flatMap { indices(.adversarial(game: $0)) }
    reconstruction = indices(.reconstruction)
    translations = configuration.algorithm.translations
    startsFresh = configuration.initFrom == nil
    if let saved, saved.isPlausible(losses: losses.count) { state = saved }
  }

  // MARK: - Losses

  /// Takes note of a step's losses, which are finite.
  ///
  /// - Returns: what is raised by them
  mutating func observe(_ losses: [Double], step: Int) -> [TrainingAlarm] {
    state.steps += 1
    if state.steps == 1 { (state.first, state.begin, state.smoothed, state.slow) = (losses, losses, losses, losses) }
    let count = Double(state.steps)
    for (index, loss) in losses.enumerated() {
      if state.steps <= Limits.beginSteps { state.begin[index] += (loss - state.begin[index]) / count }
      state.smoothed[index] += (loss - state.smoothed[index]) * max(Limits.shownShare, 1 / count)
      state.slow[index] += (loss - state.slow[index]) * max(Limits.judgedShare, 1 / count)
    }
    var raised: [TrainingAlarm?] = []
    for (number, players) in game.players.enumerated() {
      guard let draw = game.draw else { break }
      let share = mean(state.slow, players.discriminator) / draw.discriminator
      raised.append(
        sign(
          .discriminatorWon, step, share, below: Limits.wonShare,
          where: mean(state.slow, players.generator) > draw.generator, for: Limits.lossesInARow, number))
    }
    let growth = zip(state.smoothed, state.first).map { abs($0) / max(1, abs($1)) }.max() ?? 0
    raised.append(sign(.explosion, step, growth, above: Limits.explosion, for: 1))
    let (begin, now) = (sum(state.begin, reconstruction), sum(state.slow, reconstruction))
    // Who has not seen the begin, in a run of an earlier version, cannot compare with it.
    if startsFresh, state.steps == step, step >= Limits.progressSteps,
      begin > Limits.reconstructionLead * abs(sum(state.begin, adversarial))
    {
      raised.append(
        sign(
          .noProgress, step, now / begin, above: Limits.progress, where: !heldOutHasImproved, for: Limits.lossesInARow))
    }
    return raised.compactMap { $0 }
  }

  private var heldOutHasImproved: Bool {
    guard let first = state.firstHeldOut, let lowest = state.lowestHeldOut else { return false }
    return lowest < Limits.heldOutProgress * first
  }

  // MARK: - Pictures and figures

  /// Takes note of a sample step.
  ///
  /// - Parameters:
  ///   - rows: rows of pictures, as `TranslationModel.sample` answers them
  ///   - heldOut: the first held-out figure, which falls while translations become better; nil where nothing is held out
  /// - Returns: what is raised by them
  mutating func observe(_ rows: [[Picture]], heldOut: Double?, step: Int) -> [TrainingAlarm] {
    if let heldOut, heldOut.isFinite {
      state.firstHeldOut = state.firstHeldOut ?? heldOut
      state.lowestHeldOut = min(state.lowestHeldOut ?? heldOut, heldOut)
    }
    guard step >= Limits.firstJudged else { return [] }
    var raised: [TrainingAlarm?] = []
    for (number, translation) in translations.enumerated() {
      let figures = PictureFigures(rows, translation)
      let inversion = translation.isPaired ? Limits.inversionOfPairs : Limits.inversion
      let wanted = Limits.samplesInARow
      raised.append(
        sign(.generatorCollapsed, step, figures.variety, below: Limits.variety, for: wanted, number))
      raised.append(sign(.flatOutput, step, figures.contrast, below: Limits.contrast, for: wanted, number))
      raised.append(sign(.invertedColours, step, figures.correlation, below: inversion, for: wanted, number))
      raised.append(sign(.checkerboard, step, figures.checkerboard, above: Limits.checkerboard, for: wanted, number))
    }
    if let heldOut, heldOut.isFinite { raised.append(judge(heldOut, step)) }
    return raised.compactMap { $0 }
  }

  private mutating func judge(_ heldOut: Double, _ step: Int) -> TrainingAlarm? {
    state.heldOut = state.heldOut.suffix(Limits.heldOutWindow - 1) + [heldOut]
    let training = sum(state.slow, reconstruction)
    guard state.heldOut.count == Limits.heldOutWindow, training > 0 else { return nil }
    let now = state.heldOut.reduce(0, +) / Double(Limits.heldOutWindow)
    guard let best = state.bestHeldOut, let trainingAtBest = state.trainingAtBest, best > 0, best <= now else {
      (state.bestHeldOut, state.trainingAtBest) = (now, training)
      return sign(.overfitting, step, nil, above: Limits.heldOutRise, for: Limits.samplesInARow)
    }
    return sign(
      .overfitting, step, now / best, above: Limits.heldOutRise, where: training < Limits.trainingFall * trainingAtBest,
      for: Limits.samplesInARow)
  }

  // MARK: - Signs

  /// Counts how long a value is on the wrong side of its limit; nil is no sign.
  private mutating func sign(
    _ kind: TrainingAlarm.Kind, _ step: Int, _ value: Double?, below: Double? = nil, above: Double? = nil,
    where condition: Bool = true, for wanted: Int, _ number: Int = 0
  ) -> TrainingAlarm? {
    let name = "\(kind.rawValue)/\(number)"
    guard condition, let value, let limit = below ?? above, below.map({ value < $0 }) ?? (value > limit) else {
      state.inARow[name] = nil
      return nil
    }
    let times = state.inARow[name, default: 0] + 1
    state.inARow[name] = times
    guard times >= wanted, value.isFinite, !state.alarms.contains(where: { $0.kind == kind }) else { return nil }
    let alarm = TrainingAlarm(kind: kind, step: step, value: value, threshold: limit)
    state.alarms.append(alarm)
    return alarm
  }

  private func sum(_ losses: [Double], _ indices: [Int]) -> Double { indices.reduce(0) { $0 + losses[$1] } }
  private func mean(_ losses: [Double], _ indices: [Int]) -> Double { sum(losses, indices) / Double(indices.count) }
}

extension AdversarialLoss {
  /// What the discriminator loses on an image where it can only guess, and what a generator loses that is found out on the
  /// whole (by 95 of 100 judgements, in the loss's own scale); nil where losses have no scale.
  fileprivate var draw: (discriminator: Double, generator: Double)? {
    switch self {
    case .vanilla: (0.693, 3)
    // The generator that is found out loses nothing: log (1 − 0.05).
    case .minimax: (0.693, -0.0513)
    case .lsgan: (0.25, 0.64)
    case .hinge: (1, 0.8)
    case .wgan, .wgangp: nil
    }
  }
}
