import Files
import Images
import NeuralNet
import Weights

/// Large pictures, from file to file: rows go straight into the network's input as they are decoded, and out of its output
/// into the file, so that no picture is held beside the network's tensors.
extension Translator {
  /// Pixels from which a picture goes by rows. Smaller ones are decoded and encoded beside the network instead.
  static let leastPixelsForRows = 1 << 21

  /// Whether pictures of a width and height go by rows: what is put together from parts needs whole pictures.
  var rowRule: @Sendable (_ width: Int, _ height: Int) -> Bool {
    let isPossible = !(model.configuration is any EnlargerConfiguration)
    let tile = options.tile ?? .max
    return { isPossible && $0 * $1 >= Self.leastPixelsForRows && $0 <= tile && $1 <= tile }
  }

  /// Translates the PNG file at `path` to `target`, as `translate` does with what `PNG.read` gives: the same bytes.
  ///
  /// - Parameters:
  ///   - label: one of `labels`, where there are any
  ///   - half: of a side-by-side picture; nil: the whole
  ///   - sideBySide: whether input and output are written side by side
  ///   - atPart: called on the way with the part that is done, from 0 to 1; what it throws ends the translation
  /// - Throws: `FileError` where a file cannot be read or written, or the memory at hand is too small; then `target` is as
  ///   it was
  func translate(
    _ path: String, to target: String, name: String, label: String?, half: ImageHalf?, sideBySide: Bool,
    limit: ImageLimit, atPart: (Double) throws -> Void = { _ in }
  ) throws {
    let version = FileVersion(path)
    let header = try PNG.header(path)
    let padding = Padding(
      width: half == nil ? header.width : header.width / 2, height: header.height, multiple: sizeMultiple)
    guard fits(padding) else {
      let whole = try PNG.read(path, limit: limit)
      let image = half.map(whole.half) ?? whole
      let output = try translate([image], names: [name], labels: [label], filledTo: 0, atPart: atPart)[0]
      return try PNG.write(sideBySide ? image.joined(output) : output, to: target)
    }
    let execution = try fill(padding, from: path, half, limit) { try atPart(Self.reading * $0) }
    if let place = try place(of: label) {
      let planes = execution.input
      planes.channels(numbers.input.count..<planes.shape.c).setPlanes(of: [place])
    }
    let shape = Shape(1, model.configuration.inputChannels, padding.paddedHeight, padding.paddedWidth)
    try execution.forward(dropoutKey: options.dropout ? dropoutKey(name) : 0, of: shape) {
      try atPart(Self.reading + (1 - 2 * Self.reading) * $0)
    }

    // What the translation takes from its picture comes from the file once more.
    let original = try PictureRows(path, half: half, limit: limit) { $0 }
    guard original.width == padding.width, original.height == padding.height else { throw Self.changed(path) }
    let needsOriginal = sideBySide || carriesOpacity && original.hasAlpha
    // Of the same size, another picture would lend its opacity to the translation of the first.
    guard !needsOriginal || FileVersion(path) == version else { throw Self.changed(path) }
    let lightness = numbers.output == .chroma ? execution.input.readOnly : nil
    let output = execution.output
    let depth = options.bitDepth?.bits ?? original.bitDepth
    var row = 0
    try PNG.write(to: target, height: padding.height) {
      try atPart(1 - Self.reading * (1 - Double(row) / Double(padding.height)))
      let band = try original.band(at: row, isNeeded: needsOriginal)
      let rows = padding.top + row..<padding.top + row + band.height
      let made = output.image(rows: rows, colouring: lightness, range: model.configuration.values, bitDepth: depth)
        .cropped(x: padding.left, y: 0, width: padding.width, height: band.height)
      row += band.height
      guard let picture = band.picture else { return made }
      let translation = carriesOpacity ? made.withAlpha(of: picture) : made
      return sideBySide ? picture.joined(translation) : translation
    }
  }

  /// The part of the time that reading takes, and writing as well.
  private static let reading = 0.05
  /// Rows after which it is told how much has been read.
  private static let rowsOfPart = 64

  /// An execution for a picture with its borders, whose input holds the picture of the file.
  private func fill(
    _ padding: Padding, from path: String, _ half: ImageHalf?, _ limit: ImageLimit, atPart: (Double) throws -> Void
  ) throws -> Execution {
    let numbers = numbers.input
    let source = try PictureRows(
      path, half: half, limit: limit, reach: padding.paddedHeight - padding.height
    ) { $0.prepared(for: numbers) }
    guard source.width == padding.width, source.height == padding.height else { throw Self.changed(path) }
    let execution = try apply(
      Shape(1, model.configuration.inputChannels, padding.paddedHeight, padding.paddedWidth))
    let input = execution.input
    for row in 0..<padding.paddedHeight {
      if row.isMultiple(of: Self.rowsOfPart) { try atPart(Double(row) / Double(padding.paddedHeight)) }
      let (band, place) = try source.row(padding.sourceRow(row))
      ImageTensor.write(
        row: place, of: band, padding, as: numbers, to: input.base + row * padding.paddedWidth * input.stride,
        pixelStride: input.stride, range: model.configuration.values)
    }
    return execution
  }

  private static func changed(_ path: String) -> FileError {
    FileError(path: path, problem: "has changed while it was read", advice: "translate it once more")
  }
}

extension PictureRows {
  /// Rows from `first` on: how many, and where they are needed the picture of them.
  fileprivate func band(at first: Int, isNeeded: Bool) throws -> (height: Int, picture: Picture?) {
    guard isNeeded else { return (min(height - first, max(1, (1 << 18) / width)), nil) }
    let (band, _) = try row(first)
    return (band.height, band)
  }
}
