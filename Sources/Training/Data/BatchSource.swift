import Files
import Foundation

/// Draws batches from a sampler and fills them with pictures. `lock` guards every variable, hence `@unchecked`.
final class BatchSource: @unchecked Sendable {
  /// A batch that has been drawn and waits to be filled.
  struct Plan: Sendable {
    var samples: [Sample]
    var stateAfter: SamplerState
  }

  private let lock = NSLock()
  private let store: ImageStore
  private let batchSize: Int
  private let mostSpare: Int
  private let skipsDamaged: Bool
  private let part: BatchPart
  private var sampler: Sampler
  private var spare: [[Float]] = []
  private var error: (any Error)?

  init(store: ImageStore, sampler: Sampler, batchSize: Int, mostSpare: Int, skipsDamaged: Bool, part: BatchPart) {
    self.store = store
    self.sampler = sampler
    self.batchSize = batchSize
    self.mostSpare = mostSpare
    self.skipsDamaged = skipsDamaged
    self.part = part
  }

  /// Why no more batches are drawn; nil: they are.
  var failure: (any Error)? { lock.withLock { error } }

  /// Draws no more batches.
  func fail(_ error: any Error) { lock.withLock { self.error = error } }

  /// The next batch of the sampler; nil after a failure.
  func draw() -> Plan? {
    lock.withLock {
      guard error == nil else { return nil }
      let samples = sampler.nextBatch(size: batchSize)
      return Plan(samples: samples, stateAfter: sampler.state)
    }
  }

  /// The batch with its pictures, in memory that was recycled where there is some.
  func fill(_ plan: Plan) throws -> Batch {
    var (input, target) = lock.withLock {
      (ImageBatch(reusing: spare.popLast() ?? []), ImageBatch(reusing: spare.popLast() ?? []))
    }
    var paths: [(input: String, target: String)] = []
    var leftOut: [FileError] = []
    func append(_ sample: Sample) throws {
      do {
        paths.append(try store.append(sample, toInput: &input, target: &target))
      } catch let error as FileError where skipsDamaged {
        leftOut.append(error)
      }
    }
    let own = part.range(of: plan.samples.count)
    for sample in plan.samples[own] { try append(sample) }
    // Where this part is empty, one of another part stands in for it; where there is none, all of the batch was left out.
    let (isEmpty, ownLeftOut) = (input.count == 0, leftOut)
    for (index, sample) in plan.samples.enumerated() where input.count == 0 && !own.contains(index) {
      try append(sample)
    }
    if input.count > 0 { leftOut = ownLeftOut }
    let state = plan.stateAfter
    return Batch(
      input: input, target: target, inputPaths: paths.map(\.input), targetPaths: paths.map(\.target),
      epoch: state.epoch, isLastOfEpoch: state.position == state.epochLength, stateAfter: state, leftOut: leftOut,
      standsIn: isEmpty && input.count > 0)
  }

  /// Takes a batch's memory for later ones.
  func recycle(_ batch: consuming Batch) {
    let (input, target) = (batch.input.values, batch.target.values)
    lock.withLock {
      guard spare.count < mostSpare else { return }
      spare.append(input)
      spare.append(target)
    }
  }
}
