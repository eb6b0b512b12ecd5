/// The classes of the facade label maps: each has one colour there, and one look in the picture.
enum FacadeClass: UInt8, CaseIterable {
  case sky, brick, plaster, blueWall, stone, trim, window, shutter, door, balcony, awning, shop, slate, tiles, plant
  case pavement

  /// Colours far from each other, in the manner of the CMP facade labels.
  static let palette: [DemoColor] = allCases.map { kind in
    let (red, green, blue): (Float, Float, Float) =
      switch kind {
      case .sky: (0, 0, 170)
      case .brick: (255, 0, 0)
      case .plaster: (0, 85, 255)
      case .blueWall: (85, 0, 255)
      case .stone: (170, 0, 255)
      case .trim: (0, 255, 255)
      case .window: (0, 170, 255)
      case .shutter: (255, 255, 0)
      case .door: (255, 85, 255)
      case .balcony: (170, 255, 85)
      case .awning: (255, 170, 0)
      case .shop: (120, 0, 85)
      case .slate: (85, 85, 85)
      case .tiles: (255, 85, 0)
      case .plant: (0, 170, 0)
      case .pavement: (170, 170, 170)
      }
    return DemoColor(red, green, blue) / 255
  }
}

/// How the surfaces of the facades look: the light comes from the upper left.
struct FacadeMaterials {
  /// Slight irregularity; everything else follows from the class and the position on the building.
  var noise: DemoNoise

  /// A wall of `kind` whose top left corner is (`left`, `top`).
  func wall(_ kind: FacadeClass, left: Float, top: Float, height: Float) -> (Float, Float) -> DemoColor {
    { x, y in
      let base: DemoColor
      switch kind {
      case .brick: base = brick(x - left, y - top)
      case .stone: base = ashlar(x - left, y - top)
      case .blueWall: base = DemoColor(0.55, 0.68, 0.75) * plasterGrain(x, y)
      default: base = DemoColor(0.94, 0.79, 0.55) * plasterGrain(x, y)
      }
      return base * (1.06 - 0.2 * (y - top) / height)
    }
  }

  private func plasterGrain(_ x: Float, _ y: Float) -> Float {
    0.965 + 0.05 * noise.clouds(x / 9, y / 14) + 0.02 * noise.smooth(x * 0.9, y * 0.9)
  }

  private func brick(_ x: Float, _ y: Float) -> DemoColor {
    let row = (y / 4).rounded(.down)
    let shift: Float = Int(row) % 2 == 0 ? 0 : 4.5
    let column = ((x + shift) / 9).rounded(.down)
    let joint = max(edge(y - row * 4, 4), edge(x + shift - column * 9, 9))
    let tint = noise.cell(Int(column), Int(row)) - 0.5
    let clay = DemoColor(0.67, 0.32, 0.23) + DemoColor(0.09, 0.05, 0.04) * tint
    return blend(clay, DemoColor(0.80, 0.66, 0.57), 0.55 * joint)
  }

  private func ashlar(_ x: Float, _ y: Float) -> DemoColor {
    let row = (y / 9).rounded(.down)
    let shift: Float = Int(row) % 2 == 0 ? 0 : 10
    let column = ((x + shift) / 20).rounded(.down)
    let joint = max(edge(y - row * 9, 9), edge(x + shift - column * 20, 20))
    let tint = 0.97 + 0.05 * noise.cell(Int(column), Int(row)) + 0.03 * noise.smooth(x, y)
    return blend(DemoColor(0.83, 0.80, 0.73) * tint, DemoColor(0.58, 0.55, 0.50), 0.6 * joint)
  }

  /// 1 at the ends of 0 ... `length`, falling to 0 within a unit.
  private func edge(_ position: Float, _ length: Float) -> Float {
    max(0, 1 - min(position, length - position) / 0.9)
  }

  /// Rows of slates or tiles below (`left`, `top`).
  func roof(_ kind: FacadeClass, left: Float, top: Float, height: Float) -> (Float, Float) -> DemoColor {
    { x, y in
      let row = ((y - top) / 4).rounded(.down)
      let shift: Float = Int(row) % 2 == 0 ? 0 : 2.5
      let column = ((x - left + shift) / 5).rounded(.down)
      let down = (y - top - row * 4) / 4
      let across = (x - left + shift - column * 5) / 5 - 0.5
      let tint = 0.95 + 0.1 * noise.cell(Int(column) + 1000, Int(row))
      let base = kind == .slate ? DemoColor(0.38, 0.43, 0.51) : DemoColor(0.79, 0.41, 0.26)
      let relief = 1.1 - 0.22 * down - 0.5 * across * across
      return base * (tint * relief) * (0.92 + 0.16 * (y - top) / max(height, 1))
    }
  }

  /// The sky over the street.
  func sky(_ x: Float, _ y: Float) -> DemoColor {
    let height = y / 130
    let clear = blend(DemoColor(0.33, 0.58, 0.87), DemoColor(0.93, 0.90, 0.84), height)
    let cloud = (noise.clouds(x / 60 + 7, y / 22) - 0.52) * 2.4
    return blend(clear, DemoColor(0.99, 0.97, 0.95), min(max(cloud, 0), 0.55))
  }

  /// Glass in (`left`, `top`, `width`, `height`): dark rooms below, the sky's reflection above, one bright streak.
  func glass(left: Float, top: Float, width: Float, height: Float) -> (Float, Float) -> DemoColor {
    { x, y in
      let u = (x - left) / width
      let v = (y - top) / height
      let base = blend(DemoColor(0.50, 0.64, 0.76), DemoColor(0.13, 0.18, 0.26), v * 1.15)
      let diagonal = u + 0.75 * v
      let streak = max(0, 1 - abs(diagonal - 0.72) / 0.13) + 0.6 * max(0, 1 - abs(diagonal - 1.02) / 0.06)
      return blend(base, DemoColor(0.86, 0.93, 0.98), 0.42 * min(streak, 1))
    }
  }
}
