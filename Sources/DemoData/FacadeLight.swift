/// When a row of houses is seen: what `demo-data labelled` calls a label.
///
/// Light is put on afterwards, by class and place alone: whatever differs between two lights of one scene follows from the
/// light.
enum FacadeLight: String, CaseIterable {
  /// The drawing as it is.
  case day
  /// The sun has set behind the houses: an orange horizon, warm walls, the first lamps behind the windows.
  case dusk
  /// Blue walls under a dark sky, every lamp lit.
  case night

  /// How a colour of the day looks.
  ///
  /// - Parameters:
  ///   - color: of the pixel by day
  ///   - kind: what is seen there
  ///   - y: units below the top
  func seen(_ color: DemoColor, _ kind: FacadeClass, y: Float) -> DemoColor {
    switch self {
    case .day: color
    case .dusk:
      seen(
        color, kind, lamps: 0.55,
        sky: blend(DemoColor(0.62, 0.50, 0.72), DemoColor(1.10, 0.68, 0.42), (y - 12) / 90),
        walls: DemoColor(0.66, 0.50, 0.52))
    case .night:
      seen(
        color, kind, lamps: 1,
        sky: blend(DemoColor(0.07, 0.09, 0.17), DemoColor(0.13, 0.16, 0.27), y / 110),
        walls: DemoColor(0.19, 0.23, 0.36))
    }
  }

  private func seen(
    _ color: DemoColor, _ kind: FacadeClass, lamps: Float, sky: DemoColor, walls: DemoColor
  ) -> DemoColor {
    guard kind != .sky else { return color * sky }
    let dim = color * walls
    guard kind == .window || kind == .shop else { return dim }
    // Glass is darker than its frame by day; lit from behind, the frame is the darker one.
    let frame = ((color.x + color.y + color.z) / 3 - 0.7) * 5
    let lit = blend(Self.lamp * (0.86 + 0.25 * color.z), dim, min(max(frame, 0), 1))
    return blend(dim, lit, lamps)
  }

  private static let lamp = DemoColor(1.0, 0.78, 0.40)
}
