import Files
import NeuralNet

/// Which values a setting may have.
package struct SettingLimits<Value: Sendable>: Sendable {
  /// What is wrong with a value, and what would be right.
  package struct Refusal {
    var problem: Phrase
    var advice: Phrase
  }

  /// What is wrong with a value; nil for one that may be.
  let refusal: @Sendable (Value) -> Refusal?

  /// Whatever the type holds.
  static var none: SettingLimits { SettingLimits { _ in nil } }
}

extension SettingLimits where Value: Comparable & CustomStringConvertible {
  static func within(_ range: ClosedRange<Value>, spelled: String? = nil) -> SettingLimits {
    let advice = spelled ?? "\(range.lowerBound) to \(range.upperBound)"
    return such(that: { range.contains($0) }, "give \(advice)")
  }

  private static func such(
    that isPossible: @escaping @Sendable (Value) -> Bool, _ advice: Phrase
  ) -> SettingLimits {
    SettingLimits { isPossible($0) ? nil : Refusal(problem: "is \($0)", advice: advice) }
  }

  /// One of a few values, each with what it stands for.
  static func oneOf(_ values: [(value: Value, meaning: String)]) -> SettingLimits {
    let names = values.map { "\($0.value) (\($0.meaning))" }.joined(separator: " or ")
    let possible = values.map(\.value)
    return such(that: { possible.contains($0) }, "give \(names)")
  }
}

extension SettingLimits where Value == Double {
  /// From 0 to `most`; not-a-number is refused by all of these.
  static func upTo(_ most: Int) -> SettingLimits { .within(0...Double(most), spelled: "a number from 0 to \(most)") }

  static func above(_ bound: Int, atMost most: Int) -> SettingLimits {
    SettingLimits {
      $0 > Double(bound) && $0 <= Double(most)
        ? nil : Refusal(problem: "is \($0)", advice: "give a number above \(bound), at most \(most)")
    }
  }

  static func from(_ least: Int, below bound: Int) -> SettingLimits {
    SettingLimits {
      $0 >= Double(least) && $0 < Double(bound)
        ? nil : Refusal(problem: "is \($0)", advice: "give a number from \(least) up to, but not, \(bound)")
    }
  }
}

extension SettingLimits where Value == Int? {
  static func within(_ range: ClosedRange<Int>) -> SettingLimits {
    let limits = SettingLimits<Int>.within(range)
    return SettingLimits { value in
      value.flatMap(limits.refusal).map { Refusal(problem: $0.problem, advice: $0.advice) }
    }
  }
}

extension SettingLimits where Value == Precision {
  /// What gradients can be computed with.
  static var ofTraining: SettingLimits {
    SettingLimits {
      $0 == .int8
        ? Refusal(problem: "is int8, which has too few digits for gradients", advice: "give bf16 or f32") : nil
    }
  }
}

extension SettingLimits where Value == GeneratorChoice {
  /// The sizes that the families have.
  static var sizes: SettingLimits {
    SettingLimits { choice in
      guard GeneratorChoice(choice.description) == nil else { return nil }
      return Refusal(
        problem: "is \(choice.description), which is none that can be trained",
        advice: "give \(GeneratorChoice.usualNames.joined(separator: ", ")) or another of these families")
    }
  }
}
