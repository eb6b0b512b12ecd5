import Files
import Foundation
import Images
import Weights

extension ModelMetadata {
  /// How much the proportions of a picture may differ from those of the training's, as a share.
  private static let tolerance = 0.02

  /// The half of a picture of this size that the network was trained on, where pictures lay side by side in training and
  /// this one has the proportions of those; nil: it is no such picture, or nothing is known.
  ///
  /// A half alone has half of those proportions, so that it is never taken for a pair.
  package func trainedHalf(width: Int, height: Int) -> ImageHalf? {
    guard let pair = sideBySide, pair.height > 0, height > 0 else { return nil }
    let expected = Double(pair.width) / Double(pair.height)
    guard abs(Double(width) / Double(height) - expected) <= Self.tolerance * expected else { return nil }
    return direction == Direction.bToA.rawValue ? .right : .left
  }

  /// The same of pictures in files; nil where none of them is such a picture.
  ///
  /// - Throws: `FileError` where only some of them are
  func trainedHalf(of paths: some Sequence<String>) throws -> ImageHalf? {
    guard sideBySide != nil else { return nil }
    var pair: (path: String, half: ImageHalf)?
    var other: String?
    for path in paths where pair == nil || other == nil {
      // What cannot be read is told when it is translated.
      guard let header = try? PNG.header(path) else { continue }
      if let half = trainedHalf(width: header.width, height: header.height) {
        pair = pair ?? (path, half)
      } else {
        other = other ?? path
      }
    }
    guard let pair else { return nil }
    guard let other else { return pair.half }
    throw FileError(
      path: pair.path, problem: "looks like the side-by-side files of the training, but \(other) does not",
      advice: "say which half of each is meant, \(setting: "half", "left"), right or whole")
  }
}

extension FolderTranslation {
  /// Pictures that each of several workers looks at to see what they are.
  private static let sampleOfWorkers = 4096

  /// The half to translate where the pictures lie side by side as those did that the network was trained on; nil: they do
  /// not, or nothing is known of the training.
  ///
  /// - Throws: `FileError` where only some of them look like that, or the input is not there
  package func trainedHalf(of translator: Translator) throws -> ImageHalf? {
    let metadata = translator.model.metadata
    guard metadata.sideBySide != nil else { return nil }
    // All workers of several must decide alike, whatever their parts are, and none can look at everything.
    var all = self
    all.shard = nil
    let items = try all.items()
    let step = shard == nil && claims == nil ? 1 : max(1, items.count / Self.sampleOfWorkers)
    return try metadata.trainedHalf(of: stride(from: 0, to: items.count, by: step).lazy.map { items[$0].source })
  }

  /// Translates one picture in memory to the bytes of a PNG, as `run` does with a file.
  ///
  /// - Parameters:
  ///   - whole: the picture
  ///   - path: what errors call it
  ///   - name: with the seed, decides which outcome dropout draws
  ///   - choosesHalf: whether `half` is that of the training, where the picture is like those
  /// - Throws: `FileError` where there is no memory
  package func translate(
    _ whole: Picture, path: String, name: String, _ translator: Translator, choosesHalf: Bool
  ) throws -> Data {
    let half =
      choosesHalf ? translator.model.metadata.trainedHalf(width: whole.width, height: whole.height) : self.half
    let image = half.map(whole.half) ?? whole
    do {
      let output = try translator.translate(image, name: name, label: labels.only)
      return try PNG.encode(sideBySide ? image.joined(output) : output)
    } catch var error as FileError {
      if error.path == nil { error.path = path }
      throw error
    }
  }
}
