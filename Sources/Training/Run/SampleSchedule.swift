/// At which steps a run draws samples: at the multiples of a number, and before the first of them early and at growing
/// distances, so that whoever waits for hours sees after a minute whether it goes the right way.
///
/// It depends on the step alone: a resumed run samples where an unbroken one does.
struct SampleSchedule: Equatable {
  /// Steps between two sheets, later on.
  var every: Int

  /// The first steps; they double from there on.
  private static let early = [1, 10, 30, 100, 200]

  /// Whether there is a sheet of `step`.
  func isDue(_ step: Int) -> Bool {
    if step % every == 0 { return true }
    guard step > 0, step < every else { return false }
    let last = Self.early[Self.early.count - 1]
    guard step > last else { return Self.early.contains(step) }
    let (times, rest) = step.quotientAndRemainder(dividingBy: last)
    return rest == 0 && times & (times - 1) == 0
  }

  /// How many sheets there are of the steps up to `last`.
  func count(upTo last: Int) -> Int {
    var (early, step) = (Self.early.count { $0 < every && $0 <= last }, 2 * Self.early[Self.early.count - 1])
    while step < every, step <= last { (early, step) = (early + 1, 2 * step) }
    return early + last / every + (isDue(last) ? 0 : 1)
  }
}
