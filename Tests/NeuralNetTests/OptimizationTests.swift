import Foundation
import TestSupport
import Testing
@testable import NeuralNet

/// Adam and the learning-rate schedules against PyTorch.
@Suite struct OptimizationTests {
  /// Within single precision's rounding of the weights; one update is five hundred times as large.
  @Test func adam() throws {
    let golden = try Golden("losses")
    let start = try golden.floats("adam/weight")
    let parameter = Parameter(
      name: "weight", shape: [start.count], initialization: .constant(0), layout: .vector, offset: 0)
    let store = try ParameterStore(parameters: [parameter], runningStatistics: [])
    store.setFileOrder(parameter, start)
    let adam = try Adam(store, beta1: 0.5, beta2: 0.999, epsilon: 1e-8)
    let processor = try Processor(threads: 2)
    let gradients = try store.gradients()
    for step in 0..<6 {
      try golden.floats("adam/gradient.\(step)").withUnsafeBufferPointer {
        store.setFileOrder(parameter, $0, in: gradients)
      }
      adam.step(learningRate: 2e-4, processor: processor)
      let expected = try golden.floats("adam/weight_after.\(step)")
      expect(Closeness("step \(step)", store.fileOrder(parameter), expected, 4e-7))
      let moved = zip(expected, start).map { $0 - $1 }
      let actual = zip(store.fileOrder(parameter), start).map { $0 - $1 }
      expect(Closeness("way after step \(step)", actual, moved, 2e-3))
    }
    #expect(adam.steps == 6)
  }

  @Test func schedules() throws {
    let data = try Data(contentsOf: fixtures.appendingPathComponent("golden/schedules.json"))
    let golden = try JSONDecoder().decode([String: [Double]].self, from: data)
    let schedules = [
      "linear_5_constant_5_decay": LearningRateSchedule(policy: .linear, constantEpochs: 5, decayEpochs: 5),
      "step_every_4_gamma_0.1": LearningRateSchedule(
        policy: .step, constantEpochs: 5, decayEpochs: 5, stepEpochs: 4),
      "cosine_tmax_10": LearningRateSchedule(policy: .cosine, constantEpochs: 5, decayEpochs: 5),
    ]
    #expect(Set(golden.keys) == Set(schedules.keys))
    for (name, schedule) in schedules {
      let expected = try #require(golden[name])
      for (index, factor) in expected.enumerated() {
        #expect(abs(schedule.factor(epoch: index + 1) - factor) < 1e-12, "\(name), epoch \(index + 1)")
      }
    }
  }

  /// Whatever numbers a schedule is given, its factor is one.
  @Test func schedulesOfAnyNumbers() {
    let numbers = [Int.min, -1, 0, 1, 5, Int.max]
    for policy in LearningRatePolicy.allCases {
      for constant in numbers {
        for decay in numbers {
          for other in numbers {
            let schedule = LearningRateSchedule(
              policy: policy, constantEpochs: constant, decayEpochs: decay, stepEpochs: other)
            let factor = schedule.factor(epoch: other)
            #expect((0...1).contains(factor), "\(policy) \(constant) \(decay) \(other): \(factor)")
          }
        }
      }
    }
  }

  /// ReduceLROnPlateau with factor 0.2, threshold 0.01 and patience 5: the sixth epoch without a better figure counts.
  @Test func plateau() throws {
    var schedule = LearningRateSchedule(policy: .plateau, constantEpochs: 5, decayEpochs: 5)
    func factors(_ figures: [Double]) -> [Double] {
      figures.map { figure in
        schedule.observe(figure)
        return schedule.factor(epoch: 1)
      }
    }
    #expect(factors([1, 0.9, 0.895, 0.895, 0.895, 0.895, 0.895]) == [1, 1, 1, 1, 1, 1, 1])
    #expect(factors([0.895, 0.895]) == [0.2, 0.2])
    #expect(factors([0.5, .nan, 0.6, 0.6, 0.6, 0.6, 0.6]) == [Double](repeating: 0.2, count: 7))
    #expect(factors([0.6]).map { Float($0) } == [Float(0.2 * 0.2)])
    let saved = try JSONEncoder().encode(schedule)
    #expect(try JSONDecoder().decode(LearningRateSchedule.self, from: saved) == schedule)
  }
}
