/// The order in which people number files: `img2` before `img10`.
package enum NaturalOrder {
  /// `names` sorted: runs of digits compare as numbers, everything else byte by byte, `/` before all else.
  ///
  /// The order is total and the same on every machine: names that differ only in leading zeros are told apart by their
  /// bytes, and no locale is asked.
  package static func sorted<Element>(_ elements: [Element], by name: (Element) -> String) -> [Element] {
    elements.map { (key: Array(name($0).utf8), element: $0) }
      .sorted { precedes($0.key, $1.key) }
      .map(\.element)
  }

  /// Whether `left` stands before `right`.
  package static func precedes(_ left: String, _ right: String) -> Bool {
    precedes(Array(left.utf8), Array(right.utf8))
  }

  private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    var i = 0
    var j = 0
    while i < left.count && j < right.count {
      if isDigit(left[i]) && isDigit(right[j]) {
        let first = digits(of: left, from: &i)
        let second = digits(of: right, from: &j)
        if first.count != second.count { return first.count < second.count }
        for (a, b) in zip(first, second) where a != b { return a < b }
      } else {
        let a = rank(left[i])
        let b = rank(right[j])
        if a != b { return a < b }
        i += 1
        j += 1
      }
    }
    if i < left.count || j < right.count { return j < right.count }
    return left.lexicographicallyPrecedes(right)
  }

  /// The run of digits at `index` without its leading zeros; `index` moves behind it.
  private static func digits(of name: [UInt8], from index: inout Int) -> ArraySlice<UInt8> {
    while index < name.count && name[index] == UInt8(ascii: "0") { index += 1 }
    let start = index
    while index < name.count && isDigit(name[index]) { index += 1 }
    return name[start..<index]
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  /// A folder's files stay together: its separator sorts before any character of a longer name.
  private static func rank(_ byte: UInt8) -> Int { byte == UInt8(ascii: "/") ? -1 : Int(byte) }
}
