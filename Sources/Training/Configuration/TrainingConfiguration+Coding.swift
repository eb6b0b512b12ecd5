import Files

extension TrainingConfiguration: Codable {
  /// The key of the algorithm's name.
  private static let algorithmKey = SettingKey(stringValue: "objective")
  /// The key of the labels' names, which are there where pictures have labels.
  private static let labelsKey = SettingKey(stringValue: "label_names")

  /// Reads settings; one that is absent has its published default, and unknown ones are passed over, so that files of
  /// older and newer versions are read.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: SettingKey.self)
    self.init(try container.value(TrainingAlgorithm.self, for: Self.algorithmKey) ?? .paired)
    for setting in algorithm.allSettings { try setting.read(&self, container) }
    labelNames = try container.value([String].self, for: Self.labelsKey) ?? []
    guard labelNames.count <= LabelSource.counts.upperBound else {
      throw DecodingError.dataCorruptedError(
        forKey: Self.labelsKey, in: container, debugDescription: "\(labelNames.count) labels")
    }
  }

  /// Writes every setting that the algorithm has, defaults too; null where there is none.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: SettingKey.self)
    try container.encode(algorithm, forKey: Self.algorithmKey)
    for setting in algorithm.allSettings { try setting.write(self, &container) }
    if !labelNames.isEmpty { try container.encode(labelNames, forKey: Self.labelsKey) }
  }
}

extension KeyedDecodingContainer {
  /// The value of `key`; nil where it is absent or null.
  ///
  /// - Throws: `DecodingError.typeMismatch` with the expected type for whatever does not fit it, a number out of range
  ///   too; `dataCorrupted` for a text that stands for nothing.
  package func value<Value: Decodable>(_ type: Value.Type, for key: Key) throws -> Value? {
    do {
      return try decodeIfPresent(type, forKey: key)
    } catch {
      let path = codingPath + [key]
      if (type as? any SettingValue.Type)?.isWord ?? false, let text = try? decode(String.self, forKey: key) {
        throw DecodingError.dataCorrupted(
          .init(codingPath: path, debugDescription: "the unknown value \(FileError.quote(text))"))
      }
      throw DecodingError.typeMismatch(type, .init(codingPath: path, debugDescription: ""))
    }
  }
}
