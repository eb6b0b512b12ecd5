import Foundation

/// How far one large thing of several is, in words, and how long it will take.
struct PartProgress: Sendable {
  private var name = ""
  private var first = (part: 0.0, time: 0.0)
  /// Of the thing: less says nothing about the rest.
  private static let leastPart = 0.02

  /// `wide.png 43%, 2 min left`
  ///
  /// - Parameters:
  ///   - path: which thing
  ///   - part: how much of it is done, from 0 to 1
  ///   - now: in seconds on any clock that only goes forward
  mutating func words(_ path: String, _ part: Double, now: Double) -> String {
    let name = (path as NSString).lastPathComponent
    if name != self.name || part < first.part { (self.name, first) = (name, (part, now)) }
    let words = "\(name) \(Int(part * 100))%"
    let done = part - first.part
    guard done >= Self.leastPart, part < 1 else { return words }
    return words + ", " + ProgressLine.duration((now - first.time) * (1 - part) / done) + " left"
  }
}
