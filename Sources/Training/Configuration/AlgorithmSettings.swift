/// The settings that one algorithm alone has, with their defaults.
///
/// Its type is declared in the algorithm's folder; `TrainingConfiguration` keeps a value of it without knowing it.
protocol AlgorithmSettings: Sendable, Equatable {
  /// The defaults.
  init()
}

/// A value of every algorithm's own settings; those never changed have their defaults.
struct AlgorithmSettingsTable: Sendable, Equatable {
  private var changed: [ObjectIdentifier: any AlgorithmSettings] = [:]

  subscript<Own: AlgorithmSettings>(type: Own.Type) -> Own {
    get { changed[ObjectIdentifier(type)] as? Own ?? Own() }
    set { changed[ObjectIdentifier(type)] = newValue }
  }

  static func == (first: Self, second: Self) -> Bool {
    first.changed.allSatisfy { isEqual($1, second.changed[$0]) }
      && second.changed.allSatisfy { isEqual($1, first.changed[$0]) }
  }

  private static func isEqual<Own: AlgorithmSettings>(_ first: Own, _ second: (any AlgorithmSettings)?) -> Bool {
    first == second as? Own ?? Own()
  }
}

extension TrainingConfiguration {
  /// The settings that an algorithm alone has.
  func own<Own: AlgorithmSettings>(_ type: Own.Type) -> Own { algorithmSettings[type] }

  /// Changes some of them.
  mutating func change<Own: AlgorithmSettings>(_ type: Own.Type, _ change: (inout Own) -> Void) {
    change(&algorithmSettings[type])
  }
}
