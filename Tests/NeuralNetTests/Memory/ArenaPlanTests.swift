import Testing
@testable import NeuralNet

@Suite struct ArenaPlanTests {
  private static func meet(_ a: ArenaPlan.Reservation, _ b: ArenaPlan.Reservation) -> Bool {
    a.firstUse <= b.lastUse && b.firstUse <= a.lastUse
  }

  private static func overlap(_ a: ArenaPlan.Reservation, _ b: ArenaPlan.Reservation) -> Bool {
    a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes
  }

  /// Nothing that lives at the same time shares memory; everything lies between start and end, on cache lines.
  @Test func randomPlans() {
    var random = RandomGenerator(seed: 8)
    for _ in 0..<300 {
      var plan = ArenaPlan()
      for _ in 0..<1 + random.integer(below: 40) {
        let first = random.integer(below: 30)
        let reservation = plan.reserve(
          random.integer(below: 2000), from: first, through: first + random.integer(below: 8))
        if random.integer(below: 4) == 0 { plan.extend(reservation, to: random.integer(below: 40)) }
      }
      let start = 64 * random.integer(below: 100)
      let end = plan.place(after: start)
      let all = plan.reservations
      for (index, one) in all.enumerated() {
        #expect(one.offset >= start && one.offset + one.bytes <= end && one.offset % 64 == 0)
        for other in all[..<index] where Self.meet(one, other) {
          #expect(!Self.overlap(one, other), "\(one) and \(other)")
        }
      }
      let needed = (0..<60).map { time in
        all.reduce(0) { $0 + ($1.firstUse <= time && time <= $1.lastUse ? $1.bytes : 0) }
      }
      let sum = all.reduce(0) { $0 + $1.bytes }
      #expect(end - start >= needed.max() ?? 0)
      #expect(end - start <= sum)
    }
  }

  /// Lives that do not meet share one place; those that touch in one step do not.
  @Test func sharing() {
    var plan = ArenaPlan()
    let first = plan.reserve(400, from: 0, through: 1)
    let second = plan.reserve(400, from: 2, through: 3)
    let third = plan.reserve(200, from: 1, through: 2)
    #expect(plan.place(after: 0) == 448 + 256)
    #expect(plan.reservations[first].offset == 0)
    #expect(plan.reservations[second].offset == 0)
    #expect(plan.reservations[third].offset == 448)
  }

  @Test func extending() {
    var plan = ArenaPlan()
    let first = plan.reserve(64, from: 2, through: 2)
    _ = plan.reserve(64, from: 5, through: 6)
    plan.extend(first, to: 5)
    #expect(plan.reservations[first].firstUse == 2 && plan.reservations[first].lastUse == 5)
    #expect(plan.place(after: 0) == 128)
  }

  @Test func emptyPlan() {
    var plan = ArenaPlan()
    #expect(plan.place(after: 192) == 192)
  }
}
