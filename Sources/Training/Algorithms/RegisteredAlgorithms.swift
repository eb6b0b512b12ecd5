extension TrainingAlgorithm {
  /// All algorithms, in the order of help. A trial may add its own for as long as it lasts.
  @TaskLocal package static var registered: [TrainingAlgorithm] = [.paired, .unpaired, .enlarge, .generating]
}

extension TrainingAlgorithm: Equatable {
  /// Algorithms go by their names.
  public static func == (first: TrainingAlgorithm, second: TrainingAlgorithm) -> Bool { first.name == second.name }
}

extension TrainingAlgorithm: Codable {
  /// Reads the name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      self = try TrainingAlgorithm(settingText: container.decode(String.self))
    } catch is SettingTextError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no algorithm is called like that")
    }
  }

  /// Writes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

extension TrainingAlgorithm: SettingValue {
  package static var isWord: Bool { true }
  package static var placeholder: String { registered.map(\.name).joined(separator: "|") }
  package init(settingText text: String) throws(SettingTextError) {
    guard let algorithm = Self.registered.first(where: { $0.name == text }) else {
      throw .unknown(choices: Self.registered.map(\.name))
    }
    self = algorithm
  }
  package var settingText: String? { name }
}

extension Settings {
  /// Every setting that any algorithm has, each once.
  package static var all: [Setting] { eachOnce(TrainingAlgorithm.registered.flatMap(\.settings).flatMap(\.settings)) }

  /// Those that a check of a data folder asks for: how pictures are read, and what a run takes of memory and disk.
  package static var checked: [Setting] {
    let groups = TrainingAlgorithm.registered.flatMap(\.settings)
    return eachOnce(groups.flatMap { group in group.settings.filter { group.concernsSize || $0.concernsPictures } })
  }

  private static func eachOnce(_ settings: [Setting]) -> [Setting] {
    var names: Set<String> = []
    return settings.filter { names.insert($0.name).inserted }
  }
}
