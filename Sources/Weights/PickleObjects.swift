import Files

/// One value of a pickle; those that hold others are numbers into `PickleObjects`, so that nothing recurses.
enum PickleValue: Equatable {
  case none
  case boolean(Bool)
  case integer(Int)
  /// A long beyond 64 bits: its two's complement, least significant byte first.
  case long([UInt8])
  case float(Double)
  case string(String)
  /// A name that stands for a class or function of Python; it is only ever compared.
  case global(PickleGlobal)
  case tuple(Range<Int>)
  case list(Int)
  case dictionary(Int)
  case storage(Int)
  case tensor(Int)
}

/// The classes and functions that a state dict names.
enum PickleGlobal: Equatable {
  case orderedDictionary
  /// `torch._utils._rebuild_tensor` and its second version, which takes more arguments.
  case rebuildTensor
  case rebuildParameter
  case storageClass(ElementType)

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", let name):
      guard let type = PickleGlobal.storageTypes.first(where: { $0.name == name })?.type else { return nil }
      self = .storageClass(type)
    default: return nil
    }
  }

  /// PyTorch's storage classes and what they hold.
  static let storageTypes: [(name: String, type: ElementType)] = [
    ("FloatStorage", .float32), ("HalfStorage", .float16), ("BFloat16Storage", .bfloat16),
    ("DoubleStorage", .float64), ("LongStorage", .int64),
  ]
}

/// A storage that a pickle mentions: where its bytes are is for the file around it to know.
struct StorageReference: Equatable {
  let key: String
  let type: ElementType
  /// Elements of the whole storage.
  package let count: Int
}

/// A tensor as a pickle describes it: a strided view of a storage, which it does not leave.
struct StorageView: Equatable {
  let storage: StorageReference
  /// The first element.
  let offset: Int
  let shape: [Int]
  /// Steps between neighbours along each dimension, in elements.
  let strides: [Int]
  /// One after the last element in the storage; `offset` where there are none.
  let end: Int

  /// Elements, a product that is known not to overflow.
  package var count: Int { shape.reduce(1, *) }

  /// A view, or nil where it leaves its storage, overflows, or repeats elements.
  init?(storage: StorageReference, offset: Int, shape: [Int], strides: [Int]) {
    guard shape.count == strides.count, offset >= 0, strides.allSatisfy({ $0 >= 0 }),
      let elements = storage.type.elements(in: shape), elements <= storage.count
    else { return nil }
    var last = offset
    if elements > 0 {
      for (length, stride) in zip(shape, strides) {
        let (reach, overflow) = (length - 1).multipliedReportingOverflow(by: stride)
        let (sum, overflow2) = last.addingReportingOverflow(reach)
        guard !overflow, !overflow2 else { return nil }
        last = sum
      }
      guard last < storage.count else { return nil }
      end = last + 1
    } else {
      guard offset <= storage.count else { return nil }
      end = offset
    }
    self.storage = storage
    self.offset = offset
    self.shape = shape
    // The stride of a dimension of length 1 is never taken and may be any number.
    self.strides = zip(shape, strides).map { $0 == 1 ? 0 : $1 }
  }

  /// Whether the elements follow each other in row-major order.
  var isContiguous: Bool {
    guard count > 0 else { return true }
    var expected = 1
    for (length, stride) in zip(shape, strides).reversed() where length != 1 {
      guard stride == expected else { return false }
      expected *= length
    }
    return true
  }
}

/// What a pickle holds.
struct PickleObjects {
  var root = PickleValue.none
  /// The elements of all tuples, one after the other.
  var elements: [PickleValue] = []
  var lists: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var storages: [StorageReference] = []
  package var tensors: [StorageView] = []

  /// Dimensions that a tensor may have.
  private static let rankLimit = 16

  /// The lengths or strides in a tuple or list, or nil where there is anything else in it, or too much.
  func dimensions(_ value: PickleValue) -> [Int]? {
    let values: ArraySlice<PickleValue>
    switch value {
    case .tuple(let range): values = elements[range]
    case .list(let index): values = lists[index][...]
    default: return nil
    }
    guard values.count <= Self.rankLimit else { return nil }
    var integers: [Int] = []
    for case .integer(let integer) in values { integers.append(integer) }
    return integers.count == values.count ? integers : nil
  }
}

/// Why a pickle is refused.
struct PickleProblem: Error, Equatable {
  let problem: String
  package var advice: Phrase?
}
