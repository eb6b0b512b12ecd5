import Files
import Foundation
import Parallel
import Synchronization

/// The metrics of all pictures of one folder against those of the same name in another one.
package struct FolderEvaluation: Sendable, Equatable, Codable {
  /// The metrics of one pair.
  package struct File: Sendable, Equatable, Codable {
    /// The path within the folder of outputs.
    package var name: String
    /// What the comparison gave.
    package var metrics: ImageMetrics
  }

  /// Every pair, in natural order of the names.
  package var files: [File]
  /// The plain means over all files, that of opacity over those where both have it. One equal pair makes the mean PSNR infinite (null in JSON).
  package var mean: ImageMetrics
  /// Outputs without a reference.
  package var withoutReference: [String]
  /// References without an output.
  package var withoutOutput: [String]

  private enum CodingKeys: String, CodingKey {
    case files, mean
    case withoutReference = "without_reference"
    case withoutOutput = "without_output"
  }

  /// Compares the PNG files of `outputs` with those of `references` that have the same path within their folder, the
  /// extension aside; two files are compared with each other whatever their names are. Hidden files are skipped.
  ///
  /// - Parameters:
  ///   - recursive: whether sub-folders count.
  ///   - referenceHalf: which half of side-by-side references counts; nil for whole pictures.
  ///   - limit: the largest picture that is read.
  /// - Throws: `FileError` where a folder or file cannot be read, a pair differs in size, or nothing has a partner.
  package static func evaluate(
    outputs: String, references: String, recursive: Bool = false, referenceHalf: ImageHalf? = nil,
    limit: ImageLimit = .default
  )
    throws -> FolderEvaluation
  {
    let outputFiles = try PNGListing(outputs, recursive: recursive)
    let referenceFiles = try PNGListing(references, recursive: recursive)
    let pairs: [(name: String, output: String, reference: String)]
    if let output = outputFiles.onlyFile, let reference = referenceFiles.onlyFile {
      pairs = [((output as NSString).lastPathComponent, output, reference)]
    } else {
      pairs = outputFiles.names.compactMap { name in
        guard let output = outputFiles.paths[name], let reference = referenceFiles.paths[name] else { return nil }
        return (outputFiles.relative(output), output, reference)
      }
    }
    guard !pairs.isEmpty else {
      for listing in [outputFiles, referenceFiles] where listing.names.isEmpty {
        guard let foreign = ForeignPictures(listing.foreign) else { continue }
        throw FileError(
          path: listing.folder, problem: "holds no PNG file, but \(foreign.count)", advice: foreign.conversion)
      }
      throw FileError(
        path: outputs, problem: "no PNG file in it has a partner of the same name in \(references)",
        advice: "name the folders that hold the same pictures")
    }
    let metrics = try compare(pairs.map { ($0.output, $0.reference) }, referenceHalf, limit: limit)
    let files = zip(pairs, metrics).map { File(name: $0.name, metrics: $1) }
    let isSingle = outputFiles.onlyFile != nil && referenceFiles.onlyFile != nil
    return FolderEvaluation(
      files: files, mean: mean(metrics),
      withoutReference: isSingle ? [] : outputFiles.without(referenceFiles),
      withoutOutput: isSingle ? [] : referenceFiles.without(outputFiles))
  }

  private static func mean(_ metrics: [ImageMetrics]) -> ImageMetrics {
    func mean(_ value: (ImageMetrics) -> Double) -> Double { metrics.map(value).reduce(0, +) / Double(metrics.count) }
    let opacities = metrics.compactMap(\.opacityError)
    return ImageMetrics(
      meanAbsoluteError: mean(\.meanAbsoluteError), psnr: mean(\.psnr), ssim: mean(\.ssim),
      opacityError: opacities.isEmpty ? nil : opacities.reduce(0, +) / Double(opacities.count))
  }

  /// Compares the pairs on all processors; the error thrown is that of the first pair that has one.
  private static func compare(
    _ pairs: [(output: String, reference: String)], _ half: ImageHalf?, limit: ImageLimit
  ) throws -> [ImageMetrics] {
    let results = Mutex<[Int: Result<ImageMetrics, any Error>]>([:])
    WorkerPool().run(pairs.count) { index, _ in
      let result = Result { try compare(pairs[index].output, pairs[index].reference, half, limit: limit) }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { results in
      try pairs.indices.compactMap { try results[$0]?.get() }
    }
  }

  private static func compare(
    _ output: String, _ reference: String, _ half: ImageHalf?, limit: ImageLimit
  ) throws -> ImageMetrics {
    let a = try PNGRowReader(output, limit: limit)
    let b = try PNGRowReader(reference, limit: limit)
    let (width, height) = (a.header.width, a.header.height)
    let referenceWidth = half == nil ? b.header.width : b.header.width / 2
    guard width == referenceWidth, height == b.header.height else {
      throw FileError(
        path: output,
        problem: "has \(width) × \(height) pixels but its reference \(reference) has "
          + "\(referenceWidth) × \(b.header.height)",
        advice: "bring them to one size")
    }
    var comparison = PictureComparison(
      width: width, height: height, channels: max(a.header.channels, b.header.channels),
      bitDepth: a.header.bitDepth == 16 || b.header.bitDepth == 16 ? 16 : 8)
    let rows = a.header.rowsOfBand
    while a.rowsRead < height {
      let reference = try b.next(rows)
      comparison.add(try a.next(rows), half.map(reference.half) ?? reference)
    }
    return comparison.metrics
  }
}

/// The PNG files of a folder by their path within it without extension; or one file.
private struct PNGListing {
  let folder: String
  private(set) var paths: [String: String] = [:]
  private(set) var names: [String] = []
  private(set) var onlyFile: String?
  /// Pictures of other formats.
  private(set) var foreign: [String] = []

  init(_ path: String, recursive: Bool) throws {
    folder = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(path: path, problem: "does not exist", advice: "name a folder of PNG files")
    }
    guard isFolder.boolValue else {
      onlyFile = path
      let name = (path as NSString).lastPathComponent
      try add((name as NSString).deletingPathExtension, path)
      return
    }
    let listing = try FolderListing(path, recursive: recursive)
    if let unreadable = listing.unreadable.first { throw unreadable }
    foreign = listing.foreignImages
    for file in listing.files { try add(file.stem, file.path) }
  }

  /// The path within the folder.
  func relative(_ path: String) -> String {
    guard onlyFile == nil, path.hasPrefix(folder) else { return (path as NSString).lastPathComponent }
    return String(path.dropFirst(folder.count).drop { $0 == "/" })
  }

  /// The files of which `other` has none of the same name.
  func without(_ other: PNGListing) -> [String] {
    names.filter { other.paths[$0] == nil }.compactMap { paths[$0].map(relative) }
  }

  private mutating func add(_ name: String, _ path: String) throws {
    if let first = paths.updateValue(path, forKey: name) {
      throw FileError(path: path, problem: "has the same name as \(first)", advice: "keep one of them")
    }
    names.append(name)
  }
}
