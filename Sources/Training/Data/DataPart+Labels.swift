extension DataPart {
  /// The places of the images of side A, one of each label in turn, so that the first of them show all labels; empty where
  /// there are none.
  var byLabelsInTurn: [Int] {
    var seen: [Int: Int] = [:]
    let turns = filesA.enumerated().compactMap { place, file in
      file.label.map { label in
        let turn = seen[label, default: 0]
        seen[label] = turn + 1
        return (turn: turn, label: label, place: place)
      }
    }
    return turns.sorted { ($0.turn, $0.label) < ($1.turn, $1.label) }.map(\.place)
  }

  /// The same with the first `count` images of each side; where they have labels, with as many of each.
  func limited(to count: Int) -> DataPart {
    var part = self
    guard holdsBothInOne || arrangement == .pairedFolders, filesA.contains(where: { $0.label != nil }) else {
      part.filesA = Array(filesA.prefix(count))
      part.filesB = Array(filesB.prefix(count))
      return part
    }
    let places = byLabelsInTurn.prefix(count).sorted()
    part.filesA = places.map { filesA[$0] }
    part.filesB = filesB.isEmpty ? [] : places.map { filesB[$0] }
    return part
  }
}
