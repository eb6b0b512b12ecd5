import Files
import Images
import Synchronization

/// The pictures of a data part, decoded and resized on demand and kept while a memory budget lasts.
///
/// Training looks at each picture hundreds of times: what comes before the random crop is done once.
package final class ImageStore: Sendable {
  private let part: DataPart
  private let preparation: ImagePreparation
  private let limit: ImageLimit
  private let cache: Mutex<Cache>

  private struct Cache {
    var a: [Picture?]
    var b: [Picture?]
    var remainingBytes: Int
    /// Whether a picture has been turned away.
    var isFull = false
  }

  /// A file of the part: one of side A (or one that holds both sides), or one of side B.
  enum Place: Hashable {
    case a(Int)
    case b(Int)
  }

  /// A store over `part`.
  ///
  /// - Parameters:
  ///   - cacheBytes: how much memory decoded and resized pictures may take; those that no longer fit are decoded anew
  ///     every time.
  ///   - limit: how large a picture may be.
  package init(
    part: DataPart, preparation: ImagePreparation, cacheBytes: Int = usualCacheBytes, limit: ImageLimit = .default
  ) {
    self.part = part
    self.preparation = preparation
    self.limit = limit
    cache = Mutex(
      Cache(
        a: Array(repeating: nil, count: part.countA), b: Array(repeating: nil, count: part.countB),
        remainingBytes: cacheBytes))
  }

  /// A gibibyte, or a quarter of the memory that can be had: networks need the rest.
  package static var usualCacheBytes: Int { min(1 << 30, (SystemMemory.available ?? .max) / 4) }

  /// How many pictures there are on each side.
  var imageCounts: (a: Int, b: Int) { (part.countA, part.countB) }

  /// How many pictures can be input, and how many can be targets.
  package var counts: (inputs: Int, targets: Int) {
    preparation.direction == .aToB ? (part.countA, part.countB) : (part.countB, part.countA)
  }

  /// The batch of one picture and one target, cropped in the middle and not mirrored: what samples and figures use.
  ///
  /// Store and preparation should be those for evaluation; see `ImagePreparation.evaluation`.
  ///
  /// - Parameters:
  ///   - input: which picture is the input, from 0; less than `counts` says.
  ///   - target: which one is the target, likewise; nil for the partner of the input.
  /// - Throws: `FileError` where a file cannot be read or prepared.
  package func fixedPair(input: Int, target: Int? = nil) throws -> (
    input: ImageBatch, target: ImageBatch, inputPath: String, targetPath: String
  ) {
    precondition(
      (0..<counts.inputs).contains(input) && (0..<counts.targets).contains(target ?? input),
      "there is a picture of each number")
    let (a, b) = indices(input: input, target: target)
    let sample = Sample(epoch: 0, indexA: a, indexB: b, drawA: .centred, drawB: .centred)
    var inputs = ImageBatch()
    var targets = ImageBatch()
    let paths = try append(sample, toInput: &inputs, target: &targets)
    return (inputs, targets, paths.input, paths.target)
  }

  private func indices(input: Int, target: Int?) -> (a: Int, b: Int) {
    preparation.direction == .aToB ? (input, target ?? input) : (target ?? input, input)
  }

  /// The files behind `fixedPair`.
  func places(input: Int, target: Int? = nil) -> [Place] {
    let (a, b) = indices(input: input, target: target)
    return places(a: a, b: b)
  }

  /// The files behind image `a` of side A and `b` of side B.
  func places(a: Int, b: Int) -> [Place] {
    part.holdsBothInOne ? (a == b ? [.a(a)] : [.a(a), .a(b)]) : [.a(a), .b(b)]
  }

  /// All files, in the order of the part.
  var places: [Place] { part.filesA.indices.map { .a($0) } + part.filesB.indices.map { .b($0) } }

  /// The file in a place.
  func file(_ place: Place) -> DataFile {
    switch place {
    case .a(let index): part.filesA[index]
    case .b(let index): part.filesB[index]
    }
  }

  /// Reads a file as training would, and keeps its pictures while there is room.
  ///
  /// - Throws: `FileError` where it cannot be read or prepared.
  func read(_ place: Place) throws {
    guard !cache.withLock({ $0.isFull }) else {
      // Resizing shows nothing that decoding has not shown.
      return try check(PNG.read(file(place).path, limit: limit), path: file(place).path)
    }
    switch place {
    case .a(let index) where part.arrangement == .sideBySide: _ = try images(a: index, b: index)
    case .a(let index): keep(try wholeA(index), at: place)
    case .b(let index): keep(try wholeB(index), at: place)
    }
  }

  /// Checks what the headers promised once more, since files can change while training runs.
  private func check(_ image: Picture, path: String) throws {
    guard part.arrangement == .sideBySide else { return try checkSize(image, path: path) }
    try checkHalves(image, path: path)
    if let problem = preparation.problem(width: image.width / 2, height: image.height, path: path) { throw problem }
  }

  private func checkSize(_ image: Picture, path: String) throws {
    if let problem = preparation.problem(width: image.width, height: image.height, path: path) { throw problem }
  }

  private func checkHalves(_ image: Picture, path: String) throws {
    guard image.width >= 2 && image.width % 2 == 0 else {
      throw FileError(
        path: path, problem: "has an odd width of \(image.width), but two halves of equal width were expected",
        advice: "cut it to an even width")
    }
  }

  /// Adds the pictures of `sample` to a batch of inputs and one of targets; where it throws, both are as they were.
  ///
  /// - Returns: the paths of both.
  /// - Throws: `FileError` where a file cannot be read, cannot be prepared, or has another size than the batch.
  func append(
    _ sample: Sample, toInput input: inout ImageBatch, target: inout ImageBatch
  ) throws -> (input: String, target: String) {
    if part.arrangement == .oneFolder { return try appendOne(sample, toInput: &input, target: &target) }
    let (a, b) = try images(a: sample.indexA, b: sample.indexB)
    let (labelA, labelB) = (part.filesA[sample.indexA].label, label(b: sample.indexB))
    let (pathA, pathB) = (path(a: sample.indexA), path(b: sample.indexB))
    let count = input.count
    do {
      switch preparation.direction {
      case .aToB:
        try append(a, sample.drawA, isInput: true, to: &input, label: labelA, path: pathA)
        try append(b, sample.drawB, isInput: false, to: &target, label: labelB, path: pathB)
        return (pathA, pathB)
      case .bToA:
        try append(b, sample.drawB, isInput: true, to: &input, label: labelB, path: pathB)
        try append(a, sample.drawA, isInput: false, to: &target, label: labelA, path: pathA)
        return (pathB, pathA)
      }
    } catch {
      input.shrink(to: count)
      target.shrink(to: count)
      throw error
    }
  }

  /// The same where one picture is both: a part of it is the target, of which the input is made.
  private func appendOne(
    _ sample: Sample, toInput input: inout ImageBatch, target: inout ImageBatch
  ) throws -> (input: String, target: String) {
    let index = sample.indexA
    let (path, label) = (path(a: index), part.filesA[index].label)
    let known = cache.withLock { $0.a[index] }
    let image = try known ?? wholeA(index)
    if known == nil { keep(image, at: .a(index)) }
    let (window, flipped) = try window(image, sample.drawA, in: target, path: path)
    let part: Picture
    // Mirroring may come after reducing: it is then done on the way into the batch.
    var mirrors = flipped
    if let numbers = sample.drawA.numbers, preparation.augmentation.isOn {
      part = preparation.augmentation.applied(numbers, to: image, window, flipped: flipped, isInput: false)
      mirrors = false
    } else {
      part = image.cropped(x: window.x, y: window.y, width: window.width, height: window.height)
    }
    let reduced = preparation.input(of: part)
    target.append(part, .all(of: part), flipped: mirrors, as: preparation.outputNumbers, label: label)
    input.append(reduced, .all(of: reduced), flipped: mirrors, as: preparation.inputNumbers, label: label)
    return (path, path)
  }

  private func append(
    _ image: Picture, _ draw: AugmentationDraw, isInput: Bool, to batch: inout ImageBatch, label: Int?, path: String
  ) throws {
    let (window, flipped) = try window(image, draw, in: batch, path: path)
    let pixel = isInput ? preparation.inputNumbers : preparation.outputNumbers
    guard let numbers = draw.numbers, preparation.augmentation.isOn else {
      return batch.append(image, window, flipped: flipped, as: pixel, label: label)
    }
    let augmented = preparation.augmentation.applied(numbers, to: image, window, flipped: flipped, isInput: isInput)
    batch.append(augmented, .all(of: augmented), flipped: false, as: pixel, label: label)
  }

  /// The part of a picture that `draw` says.
  ///
  /// - Throws: `FileError` where it has another size than those of `batch`
  private func window(
    _ image: Picture, _ draw: AugmentationDraw, in batch: ImageBatch, path: String
  ) throws -> (window: ImageTensor.Window, flipped: Bool) {
    let (window, flipped) = preparation.window(width: image.width, height: image.height, draw: draw)
    guard batch.count == 0 || batch.height == window.height && batch.width == window.width else {
      throw FileError.unequalSizes(path, (window.width, window.height), batch: (batch.width, batch.height))
    }
    return (window, flipped)
  }

  private func path(a index: Int) -> String { part.filesA[index].path }
  private func path(b index: Int) -> String { fileB(index).path }
  private func label(b index: Int) -> Int? { fileB(index).label }
  private func fileB(_ index: Int) -> DataFile { part.holdsBothInOne ? part.filesA[index] : part.filesB[index] }

  /// Image `a` of side A and `b` of side B, resized.
  private func images(a: Int, b: Int) throws -> (Picture, Picture) {
    let known = cache.withLock { ($0.a[a], $0.b[b]) }
    if let imageA = known.0, let imageB = known.1 { return (imageA, imageB) }
    var imageA = known.0
    var imageB = known.1
    if part.arrangement == .sideBySide && a == b {
      (imageA, imageB) = try halves(a)
    }
    let result = (try imageA ?? wholeA(a), try imageB ?? wholeB(b))
    keep(result.0, at: .a(a))
    keep(result.1, at: .b(b))
    return result
  }

  private func keep(_ image: Picture, at place: Place) {
    let size = image.byteCount
    cache.withLock { cache in
      guard size <= cache.remainingBytes else {
        cache.isFull = true
        return
      }
      switch place {
      case .a(let index) where cache.a[index] == nil: cache.a[index] = image
      case .b(let index) where cache.b[index] == nil: cache.b[index] = image
      default: return
      }
      cache.remainingBytes -= size
    }
  }

  private func wholeA(_ index: Int) throws -> Picture {
    if part.arrangement == .sideBySide { return try halves(index).0 }
    return try prepared(PNG.read(path(a: index), limit: limit), preparation.numbersA, path: path(a: index))
  }

  private func wholeB(_ index: Int) throws -> Picture {
    if part.arrangement == .sideBySide { return try halves(index).1 }
    return try prepared(PNG.read(path(b: index), limit: limit), preparation.numbersB, path: path(b: index))
  }

  private func halves(_ index: Int) throws -> (Picture, Picture) {
    let path = path(a: index)
    let image = try PNG.read(path, limit: limit)
    try checkHalves(image, path: path)
    let half = image.width / 2
    return (
      try prepared(image.cropped(x: 0, y: 0, width: half, height: image.height), preparation.numbersA, path: path),
      try prepared(image.cropped(x: half, y: 0, width: half, height: image.height), preparation.numbersB, path: path)
    )
  }

  /// Channels first, then the size: the order of the public code.
  private func prepared(_ image: Picture, _ numbers: PixelNumbers, path: String) throws -> Picture {
    try checkSize(image, path: path)
    var result = image.prepared(for: numbers)
    let size = preparation.resizedSize(width: image.width, height: image.height)
    if size != (image.width, image.height) {
      result = result.resized(width: size.width, height: size.height, filter: .bicubic)
    }
    return result
  }
}
