import Files

/// Reads the pickles of state dicts, protocols 2 to 5, without executing anything.
///
/// Python's pickle is a program for a stack machine that may call any function. This reader knows the few opcodes
/// that dictionaries of tensors need, and of functions only the names in `PickleGlobal`, whose effect it imitates.
/// Source: Lib/pickletools.py of CPython.
struct PickleReader {
  private var reader: LittleEndianReader
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var objects = PickleObjects()

  private var steps = 0

  /// Opcodes in one pickle; a network's needs some thousands, and each value that they make takes memory.
  private static let stepLimit = 1_000_000
  /// Tensors in one pickle.
  private static let tensorLimit = 1 << 16
  /// Arguments of a call; the functions that are known take fewer.
  private static let argumentLimit = 8
  /// Values on the stack; Python flushes dictionaries every thousand members.
  private static let stackLimit = 1 << 16

  private init(_ bytes: UnsafeRawBufferPointer) { reader = LittleEndianReader(bytes) }

  /// Reads the pickle at the start of `bytes`; also tells where it ends.
  ///
  /// - Throws: `PickleProblem`.
  static func read(_ bytes: UnsafeRawBufferPointer) throws -> (objects: PickleObjects, end: Int) {
    var pickle = PickleReader(bytes)
    while try !pickle.step() { try pickle.charge(1) }
    return (pickle.objects, pickle.reader.position)
  }

  /// Counts what an opcode costs in time and memory.
  private mutating func charge(_ cost: Int) throws {
    steps += cost
    guard steps <= Self.stepLimit else {
      throw PickleProblem(problem: "its pickle has more than \(Self.stepLimit) steps, far more than a network needs")
    }
  }

  /// Reads one opcode; true at the end.
  private mutating func step() throws -> Bool {
    let opcode = try take(UInt8.self)
    switch opcode {
    case 0x80:  // PROTO
      let version = try take(UInt8.self)
      guard (2...5).contains(version) else {
        throw PickleProblem(problem: "has pickle protocol \(version), expected 2 to 5")
      }
    case 0x95: _ = try take(UInt64.self)  // FRAME
    case UInt8(ascii: "."):
      objects.root = try pop()
      return true
    case UInt8(ascii: "("):
      guard marks.count < Self.stackLimit else { throw Self.damaged }
      marks.append(stack.count)
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.boolean(true))
    case 0x89: try push(.boolean(false))
    case UInt8(ascii: "K"): try push(.integer(Int(take(UInt8.self))))
    case UInt8(ascii: "M"): try push(.integer(Int(take(UInt16.self))))
    case UInt8(ascii: "J"): try push(.integer(Int(take(Int32.self))))
    case 0x8A: try readLong()
    case UInt8(ascii: "G"): try push(.float(Double(bitPattern: take(UInt64.self).byteSwapped)))
    case 0x8C, UInt8(ascii: "U"): try readString(Int(take(UInt8.self)))
    case UInt8(ascii: "X"), UInt8(ascii: "T"): try readString(Int(take(UInt32.self)))
    case 0x8D: try readString(Int(clamping: take(UInt64.self)))
    case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ")"): try pushEmpty(opcode)
    case 0x85, 0x86, 0x87: try pushTuple(from: stack.count - Int(opcode - 0x84))
    case UInt8(ascii: "t"): try pushTuple(from: popMark())
    case UInt8(ascii: "s"), UInt8(ascii: "u"):
      try setItems(from: opcode == UInt8(ascii: "s") ? stack.count - 2 : popMark())
    case UInt8(ascii: "a"), UInt8(ascii: "e"):
      try appendItems(from: opcode == UInt8(ascii: "a") ? stack.count - 1 : popMark())
    case UInt8(ascii: "q"): try remember(Int(take(UInt8.self)))
    case UInt8(ascii: "r"): try remember(Int(take(UInt32.self)))
    case 0x94: try remember(memo.count)
    case UInt8(ascii: "h"): try recall(Int(take(UInt8.self)))
    case UInt8(ascii: "j"): try recall(Int(take(UInt32.self)))
    case UInt8(ascii: "c"):
      guard let module = reader.takeLine(), let name = reader.takeLine() else { throw Self.damaged }
      try pushGlobal(Self.text(module), Self.text(name))
    case 0x93:
      guard case .string(let name) = try pop(), case .string(let module) = try pop() else { throw Self.damaged }
      try pushGlobal(module, name)
    case UInt8(ascii: "Q"): try pushStorage()
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"):
      // An OrderedDict's attributes (`_metadata`) say nothing about the weights.
      _ = try pop()
      guard case .dictionary = stack.last else {
        throw PickleProblem(problem: "sets attributes of something that is no dictionary", advice: Self.adviceToSave)
      }
    case 0x81, 0x92, UInt8(ascii: "i"), UInt8(ascii: "o"):
      throw PickleProblem(problem: "is a whole pickled model or other objects", advice: Self.adviceToSave)
    default:
      throw PickleProblem(
        problem: "its pickle uses opcode 0x\(String(opcode, radix: 16)), which no state dict needs",
        advice: Self.adviceToSave)
    }
    return false
  }

  // MARK: - The stack and the memo

  private static let damaged = PickleProblem(problem: "its pickle is damaged", advice: ZipArchive.advice)
  private static let adviceToSave: Phrase = "save model.state_dict() in PyTorch and use that file"

  private mutating func take<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
    guard let value = reader.take(type) else { throw Self.damaged }
    return value
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw damaged }
    return text
  }

  private mutating func push(_ value: PickleValue) throws {
    guard stack.count < Self.stackLimit else { throw Self.damaged }
    stack.append(value)
  }

  /// Takes the last value above the last mark.
  private mutating func pop() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw Self.damaged }
    return value
  }

  private mutating func popMark() throws -> Int {
    guard let mark = marks.popLast(), mark <= stack.count else { throw Self.damaged }
    return mark
  }

  /// Takes the values from `start` on, none of which lie below the last mark.
  private mutating func popAll(from start: Int) throws -> [PickleValue] {
    guard start >= marks.last ?? 0, start <= stack.count else { throw Self.damaged }
    // A slice would share the stack's storage, and removing would copy the whole stack.
    let values = Array(stack[start...])
    stack.removeLast(values.count)
    return values
  }

  private mutating func remember(_ index: Int) throws {
    guard let value = stack.last else { throw Self.damaged }
    memo[index] = value
  }

  private mutating func recall(_ index: Int) throws {
    guard let value = memo[index] else { throw Self.damaged }
    try push(value)
  }

  // MARK: - Values

  private mutating func readLong() throws {
    guard let bytes = reader.take(bytes: Int(try take(UInt8.self))) else { throw Self.damaged }
    guard bytes.count <= 8 else { return try push(.long(Array(bytes))) }
    let isNegative = bytes.last.map { $0 & 0x80 != 0 } ?? false
    let bits = bytes.reversed().reduce(isNegative ? UInt64.max : 0) { $0 << 8 | UInt64($1) }
    try push(.integer(Int(Int64(bitPattern: bits))))
  }

  private mutating func readString(_ length: Int) throws {
    guard let bytes = reader.take(bytes: length) else { throw Self.damaged }
    try push(.string(Self.text(bytes)))
  }

  private mutating func pushEmpty(_ opcode: UInt8) throws {
    switch opcode {
    case UInt8(ascii: "}"): try pushDictionary([])
    case UInt8(ascii: "]"):
      objects.lists.append([])
      try push(.list(objects.lists.count - 1))
    default: try push(.tuple(objects.elements.count..<objects.elements.count))
    }
  }

  private mutating func pushDictionary(_ members: [(key: PickleValue, value: PickleValue)]) throws {
    objects.dictionaries.append(members)
    try push(.dictionary(objects.dictionaries.count - 1))
  }

  private mutating func pushTuple(from start: Int) throws {
    let values = try popAll(from: start)
    let first = objects.elements.count
    objects.elements.append(contentsOf: values)
    try push(.tuple(first..<objects.elements.count))
  }

  private mutating func setItems(from start: Int) throws {
    let values = try popAll(from: start)
    guard values.count % 2 == 0, case .dictionary(let index) = stack.last else { throw Self.damaged }
    for i in stride(from: values.startIndex, to: values.endIndex, by: 2) {
      objects.dictionaries[index].append((key: values[i], value: values[i + 1]))
    }
  }

  private mutating func appendItems(from start: Int) throws {
    let values = try popAll(from: start)
    guard case .list(let index) = stack.last else { throw Self.damaged }
    objects.lists[index].append(contentsOf: values)
  }

  // MARK: - Names and calls

  private mutating func pushGlobal(_ module: String, _ name: String) throws {
    if let global = PickleGlobal(module: module, name: name) { return try push(.global(global)) }
    let fullName = FileError.quote(module + "." + name)
    let package = module.prefix { $0 != "." }
    if module.hasPrefix("torch.nn.") {
      throw PickleProblem(
        problem: "is a whole pickled model (it names \(fullName)), not its weights", advice: Self.adviceToSave)
    }
    if ["torch", "numpy", "collections", "argparse"].contains(package) {
      throw PickleProblem(
        problem: "its pickle names \(fullName), which no state dict of these networks needs",
        advice: Self.adviceToSave)
    }
    if name.first?.isUppercase == true {
      throw PickleProblem(
        problem: "is a whole pickled model or other objects (it names the class \(fullName)), not just weights",
        advice: Self.adviceToSave)
    }
    throw PickleProblem(
      problem: "its pickle asks to call \(fullName), which no state dict needs; nothing in it was executed",
      advice: "do not open this file in Python, or ask its author for a state dict")
  }

  /// The storage that a persistent id names: ('storage', class, key, location, count[, view]).
  private mutating func pushStorage() throws {
    guard case .tuple(let range) = try pop(), (5...6).contains(range.count) else { throw Self.damaged }
    let id = Array(objects.elements[range])
    guard id[0] == .string("storage"), case .global(.storageClass(let type)) = id[1],
      case .integer(let count) = id[4]
    else { throw Self.damaged }
    let key: String
    switch id[2] {
    case .string(let text): key = text
    case .integer(let number): key = String(number)
    default: throw Self.damaged
    }
    guard count >= 0, type.elements(in: [count]) != nil else {
      throw PickleProblem(problem: "storage \(FileError.quote(key)) has an impossible size of \(count)")
    }
    guard id.count == 5 || id[5] == .none else {
      throw PickleProblem(
        problem: "storage \(FileError.quote(key)) is a view of another, as in files before PyTorch 0.4",
        advice: "load it in PyTorch and save it again")
    }
    objects.storages.append(StorageReference(key: key, type: type, count: count))
    try push(.storage(objects.storages.count - 1))
  }

  /// A call of one of the known functions.
  private mutating func reduce() throws {
    guard case .tuple(let range) = try pop(), case .global(let function) = try pop(),
      range.count <= Self.argumentLimit
    else { throw Self.damaged }
    let arguments = Array(objects.elements[range])
    switch function {
    case .orderedDictionary: try pushDictionary(pairs(arguments))
    case .rebuildTensor: try push(rebuildTensor(arguments))
    case .rebuildParameter:
      guard let tensor = arguments.first, case .tensor = tensor else { throw Self.damaged }
      try push(tensor)
    case .storageClass: throw Self.damaged
    }
  }

  /// The members of an OrderedDict; Python 2 hands them over as a list of pairs.
  private mutating func pairs(_ arguments: [PickleValue]) throws -> [(key: PickleValue, value: PickleValue)] {
    guard let first = arguments.first else { return [] }
    guard arguments.count == 1, case .list(let index) = first else { throw Self.damaged }
    try charge(objects.lists[index].count)
    return try objects.lists[index].map { pair in
      let values: ArraySlice<PickleValue>
      switch pair {
      case .list(let inner): values = objects.lists[inner][...]
      case .tuple(let range): values = objects.elements[range]
      default: throw Self.damaged
      }
      guard values.count == 2, let key = values.first, let value = values.last else { throw Self.damaged }
      return (key: key, value: value)
    }
  }

  private mutating func rebuildTensor(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count >= 4, case .storage(let index) = arguments[0], case .integer(let offset) = arguments[1],
      let shape = objects.dimensions(arguments[2]), let strides = objects.dimensions(arguments[3])
    else { throw Self.damaged }
    let storage = objects.storages[index]
    guard let view = StorageView(storage: storage, offset: offset, shape: shape, strides: strides) else {
      throw PickleProblem(
        problem: "a tensor of shape \(shape), strides \(strides) and offset \(offset) does not "
          + "fit its storage \(FileError.quote(storage.key)) of \(storage.count) elements")
    }
    guard objects.tensors.count < Self.tensorLimit else {
      throw PickleProblem(problem: "holds more than \(Self.tensorLimit) tensors")
    }
    objects.tensors.append(view)
    return .tensor(objects.tensors.count - 1)
  }
}
