import Files
import Foundation
import Images
import Weights

extension FolderTranslation {
  /// Under which labels pictures are translated.
  public enum Labels: Sendable, Equatable {
    /// Under none: the model was trained without.
    case none
    /// All under one.
    case one(String)
    /// Each picture under each of these, the translations in sub-folders of their names.
    case each([String])

    /// What a user's word asks of a model that knows `names`: one of them, or all of them by `all`.
    package init(_ word: String?, of names: [String]) {
      switch word {
      case nil: self = .none
      case LabelNames.every? where !names.isEmpty: self = .each(names)
      case let name?: self = .one(name)
      }
    }

    /// The one label; nil: there is none, or there are several.
    var only: String? { if case .one(let name) = self { name } else { nil } }
  }

  /// The labels, each with the folder that its translations go to.
  var places: [(label: String?, folder: String)] {
    switch labels {
    case .none: [(nil, output)]
    // Each of none.
    case .each(let names) where names.isEmpty: [(nil, output)]
    case .one(let name): [(name, output)]
    case .each(let names): names.map { ($0, FolderListing.join(output, $0)) }
    }
  }

  /// - Throws: `FileError` where a label is missing, unknown, or asked for in vain, or one file is to hold several
  ///   translations
  package func requireLabels(of translator: Translator) throws {
    for (label, _) in places { _ = try translator.place(of: label) }
    guard case .each = labels, writesFile else { return }
    throw FileError(
      path: output, problem: "is one file, but there is a translation for each label",
      advice: "name a folder, or choose one label with \(setting: "label")")
  }
}
