import Files
import Parallel
import Synchronization

/// Lays out a network for one input shape: shapes, then who writes which gradient, then lifetimes, then places; at last
/// every operation lays itself out.
///
/// Time counts the operations: operation i of n runs forward at i, backward at 2n − 1 − i and along tangents at 2n + 1 + i.
/// At 2n all gradients are there.
final class Planner {
  let graph: Graph
  let mode: ExecutionMode
  let rule: AlgorithmRule
  /// Images.
  let images: Int
  /// (N, C, H, W) of each buffer.
  let shapes: [Shape]
  let gradients: GradientFlow

  private var arena = ArenaPlan()
  private var reservations: [Plane: [Int: Int]] = [:]
  /// What is made once more for a reader, by reader.
  private var remakes: [Int: (producer: Int, reservation: Int)] = [:]
  private var zeros = 0
  private var readyWeights: [ReadyWeights.Need] = []

  /// - Parameter inputs: the shape of each input
  /// - Throws: `FileError` where the network cannot take images of this size or cannot be run so
  init(
    _ graph: Graph, inputs: [Shape], mode: ExecutionMode, rule: AlgorithmRule,
    limit: (Shape) throws -> Void = Arena.requireAddressable
  ) throws {
    self.graph = graph
    self.mode = mode
    self.rule = rule
    images = inputs[0].n
    shapes = try graph.bufferShapes(inputs, limit: limit)
    gradients = GradientFlow(graph, mode)
    guard mode.keepsGradients else { return }
    for operation in graph.operations {
      guard let obstacle = operation.obstacleToTangents else { continue }
      throw FileError(
        path: nil, problem: "the gradient penalty cannot be computed: \(operation.name) \(obstacle)",
        advice: "choose a discriminator of convolutions and rectifiers without normalisation, or another GAN mode")
    }
  }

  package var count: Int { graph.operations.count }

  func time(_ phase: Phase, of operation: Int) -> Int {
    switch phase {
    case .forward: operation
    case .backward: 2 * count - 1 - operation
    case .tangent: 2 * count + 1 + operation
    }
  }

  /// When the last phase is over.
  private var end: Int { mode.keepsGradients ? 3 * count + 1 : 2 * count }

  /// The finished plan.
  ///
  /// - Parameters:
  ///   - destination: where the tensors are to lie
  ///   - pool: who lays out the operations
  /// - Throws: `FileError` where they would take more than kernels can reach, or than there is memory
  func plan(for destination: Arena, on pool: WorkerPool) throws -> ExecutionPlan {
    let (layouts, zeroBytes, bytes) = place()
    // Before the tables, which take memory too.
    try destination.requireRoom(bytes)
    let places = Places(
      graph: graph, shapes: shapes, gradients: gradients,
      offsets: arena.reservations.map { $0.offset / MemoryLayout<Float>.stride }, reservations: reservations,
      remakes: remakes)
    let operations = Self.laidOut(layouts, places, pool)
    return ExecutionPlan(
      steps: operations.enumerated().map { index, operation in
        ExecutionPlan.Step(
          operation: operation, runsBackward: mode.keepsActivations && gradients.runs(index),
          cleared: places.seen(by: index).cleared)
      },
      inputs: graph.inputs.map { places.planes(of: $0) }, outputs: graph.outputs.map { places.planes(of: $0) },
      zeroFloats: zeroBytes / MemoryLayout<Float>.stride, bytes: bytes, readyWeights: readyWeights)
  }

  private typealias Layouts = [@Sendable (Places) -> any PlannedOperation]

  /// All operations, laid out by several threads. The last ones, which have the largest tables, come first.
  private static func laidOut(_ layouts: Layouts, _ places: Places, _ pool: WorkerPool) -> [any PlannedOperation] {
    let made = Mutex<[Int: any PlannedOperation]>([:])
    pool.run(layouts.count) { piece, _ in
      let index = layouts.count - 1 - piece
      let operation = layouts[index](places.seen(by: index))
      made.withLock { $0[index] = operation }
    }
    return made.withLock { made in layouts.indices.compactMap { made[$0] } }
  }

  /// Decides on all places.
  ///
  /// - Returns: how every operation lays itself out, and bytes of the zeros and of the arena
  private func place() -> (layouts: Layouts, zeroBytes: Int, bytes: Int) {
    reserveTensors()
    let layouts = graph.operations.indices.map { index in
      graph.operations[index].plan(OperationPlanner(planner: self, index: index))
    }
    let zeroBytes = (zeros + 15) / 16 * 16 * MemoryLayout<Float>.stride
    return (layouts, zeroBytes, arena.place(after: zeroBytes))
  }

  /// Bytes that a plan would take, without its tables.
  func measure() -> (arena: Int, readyWeights: Int) {
    let bytes = place().bytes
    return (bytes, readyWeights.reduce(0) { $0 + $1.floats } * MemoryLayout<Float>.stride)
  }

  // MARK: - Lifetimes

  /// Sees to it that a plane of a buffer lives at `time`.
  fileprivate func use(_ plane: Plane, _ buffer: Int, at time: Int) {
    let owner = plane == .gradients ? gradients.owner(of: buffer) : buffer
    if let known = reservations[plane, default: [:]][owner] {
      arena.extend(known, to: time)
    } else {
      reservations[plane, default: [:]][owner] = arena.reserve(bytes(shapes[buffer]), from: time, through: time)
    }
  }

  fileprivate func bytes(_ shape: Shape) -> Int { shape.count * NumberFormat.float32.bytes }

  /// What every operation needs: what it reads and makes, and their gradients.
  private func reserveTensors() {
    for input in graph.inputs {
      use(.values, input.buffer, at: 0)
      use(.values, input.buffer, at: end)
    }
    for output in graph.outputs { use(.values, output.buffer, at: end) }
    for (index, operation) in graph.operations.enumerated() {
      for value in operation.reads + operation.makes { use(.values, value.buffer, at: time(.forward, of: index)) }
    }
    guard mode.keepsActivations else { return }
    for output in graph.outputs { use(.gradients, output.buffer, at: count - 1) }
    for (index, operation) in graph.operations.enumerated().reversed() where gradients.runs(index) {
      let values = operation.makes + operation.reads.filter(gradients.isNeeded)
      for value in values { use(.gradients, value.buffer, at: time(.backward, of: index)) }
    }
    if mode.needsInputGradient { for input in graph.inputs { use(.gradients, input.buffer, at: 2 * count) } }
    if mode.keepsGradients { reserveTangents() }
  }

  /// The direction in the input takes the place of its gradient.
  private func reserveTangents() {
    for input in graph.inputs {
      use(.gradients, input.buffer, at: end)
      reservations[.tangents, default: [:]][input.buffer] = reservations[.gradients]?[gradients.owner(of: input.buffer)]
    }
    for (index, operation) in graph.operations.enumerated() {
      for value in operation.reads { use(.tangents, value.buffer, at: time(.tangent, of: index)) }
      for value in operation.makes where hasReader(value, after: index) {
        use(.tangents, value.buffer, at: time(.tangent, of: index))
      }
    }
  }

  private func hasReader(_ value: Value, after index: Int) -> Bool {
    graph.operations[(index + 1)...].contains { $0.reads.contains { $0.buffer == value.buffer } }
  }

  /// The operation that makes `value` once more for its only reader, where that spares keeping it until then.
  fileprivate func producer(ofRemade value: Value, for reader: Int) -> Int? {
    guard mode.keepsActivations, mode.needsParameterGradients else { return nil }
    let buffer = value.buffer
    guard !(graph.inputs + graph.outputs).contains(where: { $0.buffer == buffer }),
      graph.operations.reduce(0, { $0 + $1.reads.count { $0.buffer == buffer } }) == 1
    else { return nil }
    let producers = graph.operations.indices.filter { graph.operations[$0].makes.contains { $0.buffer == buffer } }
    guard producers.count == 1, let producer = producers.first, graph.operations[producer].makes == [value],
      graph.operations[producer].remakesOutput(mode)
    else { return nil }
    return producer
  }

  fileprivate func remake(_ value: Value, by producer: Int, for reader: Int, at time: Int) {
    remakes[reader] = (producer, arena.reserve(bytes(shapes[value.buffer]), from: time, through: time))
  }

  fileprivate func reserve(bytes: Int, from first: Int, through last: Int) -> Int {
    arena.reserve(bytes, from: first, through: last)
  }

  fileprivate func extend(_ reservation: Int, to time: Int) { arena.extend(reservation, to: time) }

  fileprivate func requireZeros(_ count: Int) { zeros = max(zeros, count) }

  fileprivate func reserveReady(_ need: ReadyWeights.Need) -> Int {
    defer { readyWeights.append(need) }
    return readyWeights.count
  }
}

extension Graph {
  /// (N, C, H, W) of each buffer.
  ///
  /// - Throws: `FileError` where the images are too small, too large, or do not fit the network
  func bufferShapes(
    _ inputs: [Shape], limit: (Shape) throws -> Void = Arena.requireAddressable
  ) throws -> [Shape] {
    var shapes = [Shape?](repeating: nil, count: buffers.count)
    let size = "\(inputs[0].w)×\(inputs[0].h)"
    func set(_ value: Value, _ shape: Shape, _ operation: String) throws {
      var whole = shape
      whole.c = buffers[value.buffer]
      guard shapes[value.buffer] == nil || shapes[value.buffer] == whole else {
        throw FileError(
          path: nil, problem: "an image of \(size) pixels does not fit this network (at \(operation))",
          advice: "pad it to a multiple of the network's coarsest level")
      }
      try limit(whole)
      shapes[value.buffer] = whole
    }
    for (input, shape) in zip(self.inputs, inputs) { try set(input, shape, "the input") }
    for operation in operations {
      let read = operation.reads.map { value in
        var shape = shapes[value.buffer] ?? inputs[0]
        shape.c = value.channels
        return shape
      }
      guard let made = operation.shapes(of: read) else {
        throw FileError(
          path: nil, problem: "an image of \(size) pixels is too small for this network (at \(operation.name))",
          advice: "use a larger image or crop, or a network with fewer layers")
      }
      for (value, shape) in zip(operation.makes, made) { try set(value, shape, operation.name) }
    }
    return shapes.compactMap(\.self)
  }
}

/// What one operation may ask for while it plans itself.
struct OperationPlanner {
  fileprivate let planner: Planner
  /// The operation's place in the list.
  let index: Int

  var mode: ExecutionMode { planner.mode }
  var rule: AlgorithmRule { planner.rule }
  /// Images in the batch.
  var images: Int { planner.images }
  /// Whether it runs backward.
  var runsBackward: Bool { mode.keepsActivations && planner.gradients.runs(index) }

  /// (N, C, H, W) of a value.
  func shape(_ value: Value) -> Shape {
    var shape = planner.shapes[value.buffer]
    shape.c = value.channels
    return shape
  }

  /// Whether the gradient of what it reads is needed.
  func needsGradient(_ value: Value) -> Bool { runsBackward && planner.gradients.isNeeded(value) }

  /// Images of a value that it reads whose gradient is needed.
  func gradientImages(_ value: Value) -> Int {
    guard planner.graph.inputs.contains(value), let images = mode.inputGradientImages else { return images }
    return min(images, self.images)
  }

  /// Keeps a plane of a value until a phase is done.
  func keep(_ plane: Plane, of value: Value, until phase: Phase) {
    planner.use(plane, value.buffer, at: planner.time(phase, of: index))
  }

  /// Keeps what it reads until it runs backward, or has it made once more there: `Places.remade` tells.
  func keepOrRemake(_ value: Value) {
    if let producer = planner.producer(ofRemade: value, for: index) {
      planner.remake(value, by: producer, for: index, at: planner.time(.backward, of: index))
    } else {
      keep(.values, of: value, until: .backward)
    }
  }

  /// Room for `count` floats from one phase to another.
  func reserve(_ count: Int, from first: Phase, through last: Phase) -> Reservation {
    Reservation(
      number: planner.reserve(
        bytes: count * MemoryLayout<Float>.stride, from: planner.time(first, of: index),
        through: planner.time(last, of: index)))
  }

  /// Room for `count` floats in one phase.
  func reserve(_ count: Int, in phase: Phase) -> Reservation { reserve(count, from: phase, through: phase) }

  /// The longest pixel that is read as padding.
  func requireZeros(_ count: Int) { planner.requireZeros(count) }

  /// Room for parameters that `prepareParameters` transforms; the answer is its place in `Pass.ready`.
  func reserveReady(_ floats: Int, _ form: ReadyWeights.Form) -> Int {
    planner.reserveReady(ReadyWeights.Need(operation: index, form: form, floats: floats))
  }
}

/// Room that an operation has reserved.
struct Reservation: Sendable {
  fileprivate let number: Int
}

/// Where everything lies, for one operation.
struct Places: Sendable {
  fileprivate let graph: Graph
  fileprivate let shapes: [Shape]
  fileprivate let gradients: GradientFlow
  /// Floats from the arena's start to each reservation.
  fileprivate let offsets: [Int]
  fileprivate let reservations: [Plane: [Int: Int]]
  fileprivate let remakes: [Int: (producer: Int, reservation: Int)]
  /// What layers that are alike share.
  let products = SharedProducts()
  private var index = 0

  fileprivate init(
    graph: Graph, shapes: [Shape], gradients: GradientFlow, offsets: [Int], reservations: [Plane: [Int: Int]],
    remakes: [Int: (producer: Int, reservation: Int)]
  ) {
    self.graph = graph
    self.shapes = shapes
    self.gradients = gradients
    self.offsets = offsets
    self.reservations = reservations
    self.remakes = remakes
  }

  fileprivate func seen(by operation: Int) -> Places {
    var places = self
    places.index = operation
    return places
  }

  /// Floats from the arena's start.
  func offset(_ reservation: Reservation) -> Int { offsets[reservation.number] }

  /// A value, its gradient or its tangent; nil: that is not needed.
  func tensor(_ plane: Plane, _ value: Value) -> PlannedTensor? {
    let owner = plane == .gradients ? gradients.owner(of: value.buffer) : value.buffer
    return reservations[plane]?[owner].map { tensor(value, at: offsets[$0]) }
  }

  /// A value.
  package func value(_ value: Value) -> PlannedTensor {
    guard let place = tensor(.values, value) else { preconditionFailure("every value of a network has a place") }
    return place
  }

  /// The gradient of the `place`-th value that is read, where the operation has to compute it; `adds` to what others have
  /// written.
  func wantedGradient(ofRead place: Int) -> (tensor: PlannedTensor, adds: Bool)? {
    guard let write = gradients.writes[index][place] else { return nil }
    return tensor(.gradients, graph.operations[index].reads[place]).map { ($0, write == .adds) }
  }

  /// Gradients that are set to 0 before the operation runs backward.
  var cleared: [PlannedTensor] { gradients.cleared[index].compactMap { tensor(.gradients, $0) } }

  /// A value with all that is planned of it.
  fileprivate func planes(of value: Value) -> ExecutionPlan.Planes {
    ExecutionPlan.Planes(
      value: self.value(value), gradient: tensor(.gradients, value), tangent: tensor(.tangents, value))
  }

  /// What it reads where it is made once more before it is needed again.
  func remade(_ value: Value) -> Remade? {
    remakes[index].map { Remade(producer: $0.producer, place: tensor(value, at: offsets[$0.reservation])) }
  }

  private func tensor(_ value: Value, at offset: Int) -> PlannedTensor {
    var shape = shapes[value.buffer]
    let stride = shape.c
    shape.c = value.channels
    return PlannedTensor(shape: shape, offset: offset + value.firstChannel, stride: stride)
  }
}

/// A value that is made once more in the backward pass.
struct Remade: Sendable {
  /// The operation that makes it.
  let producer: Int
  /// Where it goes.
  let place: PlannedTensor
}
