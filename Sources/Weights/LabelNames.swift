import Files

/// The names of the labels that a network was trained with, in the order of their planes.
///
/// Labels are sub-folders of the data, and `apply` makes sub-folders of them again: a name is that of a folder, and no path.
package enum LabelNames {
  /// What stands for every label where one is named; none is called so.
  package static let every = "all"
  /// The most labels that a network can have: each is a plane beside the picture.
  package static let most = 256
  /// Names that an error lists.
  private static let listed = 30

  /// What is wrong with `name` as that of a label; nil: nothing.
  package static func problem(with name: String) -> String? {
    if name == every { return "'\(every)' stands for every label" }
    // Names are shown in terminals and on sheets: what is not seen is none.
    let unseen: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
    guard !name.isEmpty, name.utf8.count <= 255, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")),
      !name.unicodeScalars.contains(where: { unseen.contains($0.properties.generalCategory) })
    else { return "\(FileError.quote(name)) is no name of a folder" }
    return nil
  }

  /// Reads what `text(_:)` writes; nil for anything else, for a name that cannot be, and for one that comes twice.
  static func read(_ text: String) -> [String]? {
    var text = text
    let names: [String]? = text.withUTF8 { bytes in
      var cursor = JSONCursor(UnsafeRawBufferPointer(bytes))
      var names: [String] = []
      let isRead: Void? = try? cursor.array { cursor in
        guard names.count < most else { throw cursor.problem("too many") }
        names.append(try cursor.string())
      }
      guard isRead != nil, (try? cursor.end()) != nil else { return nil }
      return names
    }
    guard let names, !names.isEmpty, names.allSatisfy({ problem(with: $0) == nil }), Set(names).count == names.count
    else { return nil }
    return names
  }

  /// `names` as a JSON array, which any name can stand in.
  package static func text(_ names: [String]) -> String {
    "[\(names.map(JSONCursor.literal).joined(separator: ","))]"
  }

  /// `day, dusk, night`; of very many the first.
  package static func list(_ names: [String]) -> String {
    let more = names.count - listed
    return names.prefix(listed).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  /// The place of the label called `name` among `names`; nil where there are none and none is asked for.
  ///
  /// - Parameter path: the model that they are of
  /// - Throws: `FileError` where a label is missing, unknown, or asked for in vain
  package static func place(of name: String?, among names: [String], of path: String?) throws(FileError) -> Int? {
    guard !names.isEmpty else {
      guard let name else { return nil }
      throw FileError(
        path: path, problem: "was trained without labels, and knows no \(FileError.quote(name))",
        advice: "leave out \(setting: "label")")
    }
    guard let name else {
      throw FileError(
        path: path, problem: "makes of a picture what a label says: \(list(names))",
        advice: "choose one with \(setting: "label"), or all of them with \(setting: "label", every)")
    }
    guard let place = names.firstIndex(of: name) else {
      let nearest = nearestWord(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
      throw FileError(
        path: path, problem: "knows no label \(FileError.quote(name)), but \(list(names))\(nearest)")
    }
    return place
  }
}
