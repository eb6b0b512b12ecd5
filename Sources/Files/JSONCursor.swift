/// A strict pull reader of JSON (RFC 8259) for file headers from outside.
///
/// Foundation's reader keeps the last of duplicate keys and builds a tree many times the size of the text; here
/// nothing is built that the caller does not ask for, and nothing recurses. Numbers are non-negative integers: headers
/// have no others.
package struct JSONCursor {
  private let bytes: UnsafeRawBufferPointer
  /// The byte that is read next.
  package private(set) var position = 0

  /// What is wrong, and at which byte.
  package struct Problem: Error {
    package let text: String
    package let position: Int
  }

  /// Begins at the first of `bytes`, which must stay alive as long as the cursor.
  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Reads an object and calls `member` with each key, the cursor standing before its value, which it must read.
  package mutating func object(_ member: (inout JSONCursor, String) throws -> Void) throws {
    try take("{")
    if skip("}") { return }
    repeat {
      let key = try string()
      try take(":")
      try member(&self, key)
    } while skip(",")
    try take("}")
  }

  /// Reads an array and calls `element` before each value, which it must read.
  package mutating func array(_ element: (inout JSONCursor) throws -> Void) throws {
    try take("[")
    if skip("]") { return }
    repeat { try element(&self) } while skip(",")
    try take("]")
  }

  /// Reads an integer from 0 to 2⁶³ − 1.
  package mutating func integer() throws -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = bytes[position], (0x30...0x39).contains(digit) {
      let (tens, overflow1) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = tens.addingReportingOverflow(Int(digit - 0x30))
      guard !overflow1, !overflow2 else { throw problem("a number is too large") }
      value = sum
      position += 1
    }
    guard position > start else { throw problem("a non-negative integer was expected") }
    guard position == start + 1 || bytes[start] != 0x30 else { throw problem("a number begins with 0") }
    return value
  }

  /// Reads a string.
  package mutating func string() throws -> String {
    try take("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case 0x22:
        guard let string = String(validating: text, as: UTF8.self) else { throw problem("a string is no UTF-8") }
        return string
      case 0x5C: text.append(contentsOf: Character(try escape()).utf8)
      case 0..<0x20: throw problem("a string holds a control character")
      default: text.append(byte)
      }
    }
    throw problem("a string has no end")
  }

  /// Checks that only spaces follow.
  package mutating func end() throws {
    skipSpace()
    guard position == bytes.count else { throw problem("something follows the end of the object") }
  }

  /// Ends reading with `text` about what stands here.
  package func problem(_ text: String) -> Problem { Problem(text: text, position: position) }

  private mutating func escape() throws -> Unicode.Scalar {
    guard position < bytes.count else { throw problem("a string has no end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case 0x22, 0x2F, 0x5C: return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      if let scalar = Unicode.Scalar(first) { return scalar }
      // Two halves of a character beyond the basic plane.
      guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == 0x5C, bytes[position + 1] == 0x75 else {
        throw problem("half a surrogate pair")
      }
      position += 2
      let second = try hexadecimal()
      guard (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
      else { throw problem("half a surrogate pair") }
      return scalar
    default: throw problem("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw problem("an unknown escape in a string")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  /// Reads `character` if it is the next one.
  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func take(_ character: Unicode.Scalar) throws {
    guard skip(character) else { throw problem("'\(character)' was expected") }
  }
}

extension JSONCursor {
  /// Reads an object of strings whole, no key twice.
  package mutating func strings() throws -> [String: String] {
    var strings: [String: String] = [:]
    try object { cursor, key in
      guard strings.updateValue(try cursor.string(), forKey: key) == nil else {
        throw cursor.problem("the metadata key \(FileError.quote(key)) occurs twice")
      }
    }
    return strings
  }

  /// `strings` as a JSON object, keys sorted.
  package static func text(_ strings: [String: String]) -> String {
    let members = strings.sorted { $0.key < $1.key }.map { "\(literal($0.key)):\(literal($0.value))" }
    return "{\(members.joined(separator: ","))}"
  }

  /// `text` as a JSON string.
  package static func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
