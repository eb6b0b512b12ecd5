import Testing
@testable import NeuralNet
@testable import Parallel

/// Views and passes that would read what is no longer there: they trap with a sentence, in the optimised build too.
@Suite struct ExecutionMisuseTests {
  private static func network() throws -> Network {
    var builder = NetworkBuilder(inputChannels: 3)
    let output = builder.value(channels: 2)
    builder.convolution("layer", .convolution(kernel: 1), from: builder.input, hasBias: true, to: (output, .leakyRelu))
    return try builder.build(output: output)
  }

  private static func execution(
    _ mode: ExecutionMode = .training(inputGradient: true), arena: Arena = Arena()
  ) throws -> Execution {
    try Execution(network(), shape: Shape(1, 3, 4, 4), mode: mode, processor: Processor(threads: 1), arena: arena)
  }

  @Test func backwardOfInference() async {
    await #expect(processExitsWith: .failure) {
      let execution = try ExecutionMisuseTests.execution(ExecutionMode())
      execution.input.fill(1)
      execution.forward()
      execution.backward()
    }
  }

  @Test func backwardTwice() async {
    await #expect(processExitsWith: .failure) {
      let execution = try ExecutionMisuseTests.execution()
      execution.input.fill(1)
      execution.forward()
      execution.outputGradient.fill(1)
      execution.backward()
      execution.backward()
    }
  }

  @Test func backwardBeforeForward() async {
    await #expect(processExitsWith: .failure) {
      let execution = try ExecutionMisuseTests.execution()
      execution.input.fill(1)
      execution.backward()
    }
  }

  /// Another execution has written its input to the arena.
  @Test func backwardAfterAnother() async {
    await #expect(processExitsWith: .failure) {
      let arena = Arena()
      let execution = try ExecutionMisuseTests.execution(arena: arena)
      let other = try ExecutionMisuseTests.execution(arena: arena)
      execution.input.fill(1)
      execution.forward()
      execution.outputGradient.fill(1)
      other.input.fill(1)
      execution.backward()
    }
  }

  @Test func outputAfterAnother() async {
    await #expect(processExitsWith: .failure) {
      let arena = Arena()
      let execution = try ExecutionMisuseTests.execution(arena: arena)
      let other = try ExecutionMisuseTests.execution(arena: arena)
      execution.input.fill(1)
      execution.forward()
      other.input.fill(1)
      _ = execution.output
    }
  }

  /// What should work: two executions that take turns.
  @Test func takingTurns() async {
    await #expect(processExitsWith: .success) {
      let arena = Arena()
      let executions = try (0..<2).map { _ in try ExecutionMisuseTests.execution(arena: arena) }
      for turn in 0..<4 {
        let execution = executions[turn % 2]
        execution.input.fill(1)
        execution.forward()
        execution.outputGradient.fill(1)
        execution.backward()
        _ = (execution.output, execution.inputGradient)
      }
    }
  }

  /// A job within a job, or two callers at once.
  @Test(arguments: [1, 3]) func poolWithinPool(threads: Int) async {
    await #expect(processExitsWith: .failure) { [threads] in
      let pool = WorkerPool(threads: threads)
      pool.run(2) { _, _ in pool.run(2) { _, _ in } }
    }
  }
}
