import Foundation
import Testing
@testable import Files
@testable import NeuralNet
@testable import Training
@testable import Weights

/// The history of translations that discriminators are shown.
@Suite struct ImagePoolTests {
  /// A pool that is shown images of one pixel, each with a number of its own.
  private struct Stream {
    let pool: ImagePool
    var random = RandomGenerator(seed: 7)
    var shown = 0

    init(capacity: Int) { pool = ImagePool(name: "pool", capacity: capacity) }

    /// Shows the next image; the answer is the number that comes out.
    mutating func next() -> Int {
      shown += 1
      return withUnsafeTemporaryAllocation(of: Float.self, capacity: 1) { memory in
        guard let base = memory.baseAddress else { return -1 }
        base.pointee = Float(shown)
        let image = TensorView(shape: Shape(1, 1, 1, 1), base: UnsafePointer(base), stride: 1)
        let older = pool.exchange(image, random: &random) { $0 == image.shape }
        return Int(older[0]?.values[0] ?? base.pointee)
      }
    }
  }

  @Test func itFillsUpBeforeItExchanges() {
    var stream = Stream(capacity: 50)
    for number in 1...50 { #expect(stream.next() == number) }
  }

  /// Half of the time the image itself comes out, otherwise an older one, on average as many steps old as the pool holds
  /// images, times two: each step exchanges with probability ½.
  @Test func halfOfWhatComesOutIsOld() {
    var stream = Stream(capacity: 50)
    for _ in 0..<1000 { _ = stream.next() }
    var fresh = 0
    var age = 0
    let count = 20_000
    for number in 1001...1000 + count {
      let out = stream.next()
      if out == number { fresh += 1 } else { age += number - out }
    }
    // Deviation of the share: √(¼ / 20000) = 0.0035.
    #expect(abs(Double(fresh) / Double(count) - 0.5) < 0.015, "\(fresh) of \(count)")
    let meanAge = Double(age) / Double(count - fresh)
    #expect(abs(meanAge - 100) < 5, "mean age \(meanAge)")
  }

  @Test func nothingIsKeptWithoutCapacity() {
    var stream = Stream(capacity: 0)
    for number in 1...20 { #expect(stream.next() == number) }
    #expect(stream.pool.tensors.isEmpty)
  }

  @Test func itComesBackFromAFile() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID().uuidString).safetensors")
      .path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var stream = Stream(capacity: 5)
    for _ in 0..<30 { _ = stream.next() }
    try SafetensorsWriter.write(stream.pool.tensors, to: path)
    var copy = Stream(capacity: 5)
    try copy.pool.load(from: WeightsFile.open(path))
    copy.random = stream.random
    copy.shown = stream.shown
    for _ in 0..<50 { #expect(stream.next() == copy.next()) }
  }

  @Test func imagesOfAnotherSizeStay() {
    var stream = Stream(capacity: 1)
    _ = stream.next()
    let wide = [Float](repeating: 9, count: 2)
    var values = wide
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for _ in 0..<20 {
        let image = TensorView(shape: Shape(1, 1, 1, 2), base: UnsafePointer(base), stride: 1)
        #expect(stream.pool.exchange(image, random: &stream.random) { $0 == image.shape }[0]?.shape.w != 1)
      }
    }
    #expect(values == wide)
  }
}
