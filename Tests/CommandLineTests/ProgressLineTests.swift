@testable import translate_cli
import Testing

struct ProgressLineTests {
  private func line(_ capture: CapturedConsole, isQuiet: Bool = false) -> ProgressLine {
    ProgressLine(unit: "step", rateUnit: "images", rateFactor: 2, console: capture.console, isQuiet: isQuiet)
  }

  @Test func plainLinesComeAtGrowingIntervals() {
    let capture = CapturedConsole()
    var progress = line(capture)
    for second in 0...130 { progress.update(.init(done: second, total: 1000), now: Double(second)) }
    let said = capture.error.split(separator: "\n").map { Int($0.split(separator: " ")[1].prefix { $0 != "/" }) }
    #expect(said == [0, 2, 7, 17, 37, 67, 97, 127])
    #expect(!capture.error.contains("\u{1B}") && !capture.error.contains("\r"))
  }

  @Test func aLineTellsEverything() {
    let capture = CapturedConsole()
    var progress = line(capture)
    let figures = [("G_L1", 12.345), ("D_real", 0.0123), ("D_fake", 0.0)]
    progress.update(.init(done: 100, total: 4000, remark: "epoch 3/200", figures: figures), now: 0)
    progress.update(.init(done: 104, total: 4000, remark: "epoch 3/200", figures: figures), now: 2)
    #expect(
      capture.error == """
        step 100/4000 · epoch 3/200 · G_L1 12.3  D_real 0.012  D_fake 0
        step 104/4000 · epoch 3/200 · 4.00 images/s · 32 min left · G_L1 12.3  D_real 0.012  D_fake 0

        """)
  }

  @Test func aTerminalHasOneLineRedrawn() {
    let capture = CapturedConsole(terminal: Terminal(width: 30, hasColor: false))
    var progress = line(capture)
    progress.update(.init(done: 1, total: 3), now: 0)
    progress.update(.init(done: 2, total: 3), now: 0.05)
    progress.warn("a.png: is damaged")
    progress.update(.init(done: 3, total: 3, remark: "a remark that does not fit into it"), now: 1)
    progress.finish(now: 1)
    #expect(
      capture.error
        == "\r\u{1B}[Kstep 1/3" + "\r\u{1B}[Ka.png: is damaged\n" + "\r\u{1B}[Kstep 3/3 · a remark that does"
        + "\r\u{1B}[Kstep 3/3 · a remark that does\n")
  }

  @Test func coloursOnlyWhereTheyAreWelcome() {
    for hasColor in [true, false] {
      let capture = CapturedConsole(terminal: Terminal(width: 80, hasColor: hasColor))
      var progress = line(capture)
      progress.update(.init(done: 1, total: 3, remark: "x"), now: 0)
      #expect(capture.error.contains("\u{1B}[1m") == hasColor)
    }
  }

  @Test func quietIsQuietButWarns() {
    let capture = CapturedConsole()
    var progress = line(capture, isQuiet: true)
    progress.update(.init(done: 1, total: 3), now: 0)
    progress.warn("a.png: is damaged")
    progress.finish(now: 9)
    #expect(capture.error == "a.png: is damaged\n")
  }

  @Test func theRateIsThatOfTheLastHalfMinute() throws {
    var meter = RateMeter()
    for tick in 0...10_000 { meter.note(tick, Double(tick) * 0.01) }
    let fast = try #require(meter.perSecond)
    #expect(abs(fast - 100) < 1e-6)
    for tick in 1...100 { meter.note(10_000 + tick, 100 + Double(tick)) }
    let slow = try #require(meter.perSecond)
    #expect(abs(slow - 1) < 1e-6)
    #expect(RateMeter().perSecond == nil)
  }

  @Test(arguments: [
    (0, "0"), (0.5, "0.500"), (9.994, "9.99"), (12.34, "12.3"), (1234.5, "1234"), (1e-5, "1.0e-05"), (-0.25, "-0.250"),
    (Double.nan, "nan"), (Double.infinity, "inf"),
  ])
  func numbers(value: Double, expected: String) { #expect(ProgressLine.number(value) == expected) }

  @Test(arguments: [
    (0, "0 s"), (44.2, "45 s"), (60, "1 min"), (89, "1 min"), (3599, "1 h 0 min"), (12_000, "3 h 20 min"),
    (190_000, "2 d 5 h"), (1e30, "years"), (Double.nan, "years"), (-5, "0 s"),
  ])
  func durations(seconds: Double, expected: String) { #expect(ProgressLine.duration(seconds) == expected) }

  @Test func oneLargeThing() {
    var progress = PartProgress()
    #expect(progress.words("in/wide.png", 0, now: 5) == "wide.png 0%")
    #expect(progress.words("in/wide.png", 0.01, now: 6) == "wide.png 1%")
    #expect(progress.words("in/wide.png", 0.25, now: 15) == "wide.png 25%, 30 s left")
    // Another one begins anew, and so does the same once more.
    #expect(progress.words("in/other.png", 0.5, now: 16) == "other.png 50%")
    #expect(progress.words("in/other.png", 0, now: 20) == "other.png 0%")
    #expect(progress.words("in/other.png", 0.1, now: 21) == "other.png 10%, 9 s left")
    #expect(progress.words("in/other.png", 1, now: 30) == "other.png 100%")
  }
}
