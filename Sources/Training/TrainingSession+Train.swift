import Files
import Foundation
import Images
import NeuralNet

/// The loop of a session: steps, samples, saves, and what stops it.
extension TrainingSession {
  /// Trains until all steps are done or `shouldStop` says so; then saves, and lets go of the run folder.
  ///
  /// - Parameters:
  ///   - shouldStop: asked after every step
  ///   - report: called after every step and at every event, on the calling thread
  /// - Throws: `FileError` where a picture cannot be read any more: everything is saved then, and resuming goes on as if
  ///   nothing had happened; where a file cannot be written, another session has the folder, or a loss is no number any
  ///   more: the last good checkpoint stays
  public func train(
    shouldStop: () -> Bool = { false }, report: (TrainingProgress) -> Void = { _ in }
  ) throws -> TrainingOutcome {
    try holdFolder()
    defer {
      lock = nil
      ranks?.dismiss()
    }
    let clock = ContinuousClock()
    var saves = SaveSchedule(limits, isNew: savedStep == nil, begin: clock.now)
    while !isFinished {
      let begin = clock.now
      let batch = try nextBatch()
      let rate = configuration.learningRate * position.schedule.factor(epoch: batch.epoch)
      try ranks?.go(learningRate: rate)
      var values = try model.step(batch, learningRate: rate, random: &random)
      if let ranks { values = try ranks.whole(values) }
      averages?.update()
      position.step += 1
      position.sampler = batch.stateAfter
      let seconds = begin.duration(to: clock.now) / .seconds(1)
      // Before it may end: the report tells by the last row that, and where, a run has diverged.
      try losses.append(step: step, epoch: batch.epoch, values + [seconds, rate])
      try requireNumbers(values)
      watch.observe(values, step: step)

      var progress = TrainingProgress(
        event: .step, step: step, lastStep: lastStep, epoch: batch.epoch, epochs: epochs,
        images: ranks?.group.whole ?? batch.count,
        losses: Array(zip(lossNames, values)), smoothedLosses: Array(zip(lossNames, watch.smoothed)),
        learningRate: rate,
        seconds: seconds)
      report(progress)
      for error in batch.leftOut where leftOut.note(error, in: &position) {
        progress.event = .leftOut(error)
        report(progress)
      }
      let isLast = isFinished
      let sheet = try sample(batch, values, isLast: isLast)
      if let every = configuration.keepEvery, batch.isLastOfEpoch, batch.epoch % every == 0 {
        try requireFiniteWeights()
        try saver.keepSnapshot(model, position, epoch: batch.epoch)
      }
      if let sheet {
        progress.event = .sampled(path: sheet)
        report(progress)
      }
      let alarms = try watch.takeNews()
      for alarm in alarms {
        progress.event = .alarm(alarm)
        report(progress)
      }
      loader.recycle(batch)

      let dead = configuration.stopWhenDead ? alarms.first(where: \.isFatal) : nil
      let stalls = !isLast && hasStalled
      let stops = !isLast && (dead != nil || stalls || shouldStop())
      let now = clock.now
      if isLast || stops || batchEndsSavingEpoch(batch) || saves.isDue(at: now, lastStep: begin.duration(to: now)) {
        try save(isEnd: isLast || stops)
        saves.saved(at: clock.now)
        progress.event = .saved
        report(progress)
      }
      if let dead { return .dead(dead) }
      if stops { return stalls ? .stalled : .interrupted }
    }
    return .finished
  }

  /// Locks the run folder again, where an earlier call of `train` has let go of it.
  private func holdFolder() throws {
    guard lock == nil else { return }
    lock = try RunLock(run)
    guard losses.isInPlace else {
      lock = nil
      throw FileError(
        path: run.path, problem: "has been changed since this session trained in it", advice: "resume it in a new one")
    }
  }

  /// The next batch; where there is none because of a picture, everything is saved before that is said.
  private func nextBatch() throws -> Batch {
    do {
      let own = Result {
        let batch = try loader.next()
        try model.check(batch)
        return batch
      }
      guard let ranks else { return try own.get() }
      return try ranks.ready(own)
    } catch var error as FileError {
      if savedStep != step { try save(isEnd: true) }
      let advice: [Phrase?] = [
        error.advice, "all is saved at step \(step), and resume goes on there",
        configuration.skipDamaged ? nil : "\(setting: "skip-damaged") leaves out pictures that cannot be read",
      ]
      error.advice = Phrase(joining: advice.compactMap { $0 }, separator: "; ")
      throw error
    }
  }

  private func batchEndsSavingEpoch(_ batch: Batch) -> Bool {
    batch.isLastOfEpoch && batch.epoch % configuration.saveEvery == 0
  }

  /// Draws and measures samples when it is time to, keeps the best weights, and tells the plateau policy at the end of an
  /// epoch.
  ///
  /// The policy watches the held-out L1 where there is one, else the mean of the training figure.
  ///
  /// - Returns: the path of a sample sheet
  private func sample(_ batch: Batch, _ values: [Double], isLast: Bool) throws -> String? {
    let isOnSchedule = SampleSchedule(every: configuration.sampleEvery).isDue(step)
    let isSampled = isLast || isOnSchedule
    let isWatched = configuration.learningRatePolicy == .plateau
    var sheet: (path: String, rows: [[Picture]])?
    var heldOut: [Double]?
    if isSampled || isWatched && batch.isLastOfEpoch {
      try averages.inPlace {
        if isSampled { sheet = try samples.writeSheet(model, step: step) }
        heldOut = try samples.measure(model, step: step, epoch: batch.epoch)
        guard let heldOut, let best = configuration.bestFigure else { return }
        // A run that ends between two measurements is measured once more; where it goes on, its position must not know.
        if isOnSchedule || isWatched && batch.isLastOfEpoch { position.note(heldOut[best.place], of: best.figure) }
        try saver.keepIfBest(heldOut[best.place], of: best.figure, model, position)
      }
    }
    // A sheet that is drawn because training ends is none of a run that goes on.
    if isOnSchedule { watch.observe(sheet?.rows ?? [], heldOut: heldOut?.first, step: step) }
    guard isWatched else { return sheet?.path }
    position.epochFigure += model.figure(values)
    position.epochSteps += 1
    guard batch.isLastOfEpoch else { return sheet?.path }
    position.schedule.observe(heldOut?.first ?? position.epochFigure / Double(position.epochSteps))
    position.epochFigure = 0
    position.epochSteps = 0
    return sheet?.path
  }

  private func requireNumbers(_ values: [Double]) throws {
    guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw diverged("the loss \(lossNames[bad]) is \(values[bad].isNaN ? "not a number" : "infinite")")
  }

  private func diverged(_ what: String) -> FileError {
    let saved = FileManager.default.fileExists(atPath: run.checkpoint)
    // That training has diverged matters more than that the page cannot be written.
    _ = try? Report.write(runFolder: run.path, isTraining: false, peakMemory: SystemMemory.peak)
    return FileError(
      path: run.path, problem: "training has diverged: at step \(step) \(what)",
      advice: """
        \(saved ? "the last good checkpoint is kept; " : "")start again with a lower \(setting: "learning-rate") than \
        \(configuration.learningRate), or another \(setting: "gan-mode") or \(setting: "norm")
        """
    )
  }

  // MARK: - Saving

  private func requireFiniteWeights() throws {
    for trained in model.networks where !trained.network.parameters.areFinite {
      throw diverged("a weight of \(trained.name) is not a number")
    }
  }

  /// Writes generators, checkpoint and report, each atomically.
  ///
  /// - Parameter isEnd: whether training ends with it, for the report
  private func save(isEnd: Bool) throws {
    try requireFiniteWeights()
    let (a, b, c, d) = random.state
    position.random = [a, b, c, d]
    position.diagnosis = watch.state
    try ranks?.gatherMoments(of: model)
    defer { ranks?.releaseMoments(of: model) }
    try saver.save(model, position)
    savedStep = step
    try Report.write(runFolder: run.path, isTraining: !isEnd, peakMemory: SystemMemory.peak)
  }
}
