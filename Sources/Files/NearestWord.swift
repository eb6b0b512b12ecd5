/// The word of `known` that `word` was probably meant to be; nil where none is near.
///
/// Letter case and the difference of `_` and `-` count nothing; beyond that a word may differ in a third of its
/// letters, or begin another one.
package func nearestWord(to word: String, among known: [String]) -> String? {
  let typed = folded(word)
  guard typed.count <= 64 else { return nil }
  let near = known.map { ($0, editDistance(typed, folded($0))) }
    .filter { $0.1 <= max(1, max(typed.count, $0.0.count) / 3) }
  if let best = near.min(by: { $0.1 < $1.1 }) { return best.0 }
  let letters = typed.drop { $0 == "-" }
  let completed = known.filter { folded($0).starts(with: typed) }
  return letters.count >= 3 && completed.count == 1 ? completed[0] : nil
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (optimal string
/// alignment distance).
func editDistance(_ first: [Character], _ second: [Character]) -> Int {
  var beforeLast = [Int]()
  var last = Array(0...second.count)
  for (i, letter) in first.enumerated() {
    var row = [i + 1]
    for (j, other) in second.enumerated() {
      var cost = min(last[j] + (letter == other ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, letter == second[j - 1], first[i - 1] == other { cost = min(cost, beforeLast[j - 1] + 1) }
      row.append(cost)
    }
    (beforeLast, last) = (last, row)
  }
  return last[second.count]
}

private func folded(_ word: String) -> [Character] { word.lowercased().map { $0 == "_" ? "-" : $0 } }
