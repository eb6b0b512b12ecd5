import Foundation
import NeuralNet

/// The numbers that a generator makes a picture of, drawn from a normal distribution.
public struct Latent: Sendable, Equatable {
  /// The numbers.
  public var values: [Float]

  /// What stands in the place of a label behind the numbers: about their norm. A single 1 among a hundred numbers of that
  /// size is overlooked for thousands of steps.
  package static let labelValue: Float = 10

  /// Numbers of one's own.
  public init(_ values: [Float]) { self.values = values }

  /// The latent numbers in the place `index` of those of `seed`: the same however many others are drawn.
  ///
  /// - Parameters:
  ///   - seed: other seeds have others
  ///   - index: from 0
  ///   - count: how many numbers a latent has
  public init(seed: UInt64, index: Int, count: Int) {
    let noise = Self.noise(seed: seed, index: index)
    values = (0..<count).map { noise[place: $0] }
  }

  private static func noise(seed: UInt64, index: Int) -> GaussianNoise {
    GaussianNoise(key: RandomGenerator.mix(RandomGenerator.mix(seed) &+ UInt64(truncatingIfNeeded: index)))
  }

  /// The latent on the way from this one to `other`, along the great circle between them: most of the numbers of a normal
  /// distribution of many dimensions lie near a sphere, and a straight way leads through its inside, where a generator has
  /// learnt nothing (White, 2016; the formula is Shoemake's, 1985).
  ///
  /// - Parameter share: of the way, 0 to 1
  public func toward(_ other: Latent, share: Double) -> Latent {
    precondition(values.count == other.values.count, "latents of one generator")
    func product(_ a: Latent, _ b: Latent) -> Double {
      zip(a.values, b.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (product(self, self) * product(other, other)).squareRoot()
    let angle = lengths > 0 ? acos(min(max(product(self, other) / lengths, -1), 1)) : 0
    // Where both point the same way, or opposite ways, there is no one great circle.
    let (first, second) =
      sin(angle) < 1e-6 ? (1 - share, share) : (sin((1 - share) * angle) / sin(angle), sin(share * angle) / sin(angle))
    return Latent(zip(values, other.values).map { Float(first * Double($0) + second * Double($1)) })
  }
}
