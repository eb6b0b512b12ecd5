/// What stands on the hills. Sizes are relative: 1 is a tree of about 40 units.
extension LandscapeScene {
  /// A house whose middle stands at `foot`, lit from the left.
  mutating func drawHouse(_ foot: SIMD2<Float>, size: Float) {
    let width = 26 * size
    let wallHeight = 13 * size
    let roofHeight = 11 * size
    let left = foot.x - width / 2
    let eaves = foot.y - wallHeight
    let gable = width * 0.38
    let walls = [DemoColor(0.96, 0.92, 0.82), DemoColor(0.90, 0.76, 0.56), DemoColor(0.72, 0.36, 0.30)]
    let wall = walls[generator.integer(below: walls.count)] * (isWinter ? 0.9 : 1)
    let shadow = seasonal(DemoColor(0.07, 0.16, 0.10), DemoColor(0.36, 0.47, 0.68))
    canvas.fill(
      .ellipse(x: foot.x + width * 0.2, y: foot.y, radiusX: width * 0.62, radiusY: 2.2 * size), opacity: 0.4, shadow)
    // The long side in the shade, the gable in the light.
    canvas.fill(
      .rectangle(x: left + gable, y: eaves, width: width - gable, height: wallHeight), wall * 0.78)
    canvas.fill(
      .convex([
        SIMD2(left, foot.y), SIMD2(left, eaves), SIMD2(left + gable / 2, eaves - roofHeight * 0.92),
        SIMD2(left + gable, eaves), SIMD2(left + gable, foot.y),
      ]), wall)
    drawRoofOfHouse(left: left, eaves: eaves, width: width, height: roofHeight, gable: gable, size: size)
    let window = seasonal(DemoColor(0.22, 0.30, 0.40), DemoColor(1.0, 0.80, 0.38))
    for x in [left + gable + 3 * size, left + gable + 9.4 * size] {
      canvas.fill(
        .rectangle(x: x - 0.6 * size, y: eaves + 3.6 * size, width: 4.8 * size, height: 5.2 * size), wall * 1.08)
      canvas.fill(.rectangle(x: x, y: eaves + 4.2 * size, width: 3.6 * size, height: 4 * size), window)
    }
    canvas.fill(
      .rectangle(x: left + gable / 2 - 1.9 * size, y: foot.y - 7.5 * size, width: 3.8 * size, height: 7.5 * size),
      DemoColor(0.40, 0.24, 0.15))
    if isWinter {
      canvas.fill(
        .ellipse(x: foot.x, y: foot.y + 0.4 * size, radiusX: width * 0.56, radiusY: 1.3 * size),
        DemoColor(0.96, 0.97, 1))
    }
  }

  private mutating func drawRoofOfHouse(
    left: Float, eaves: Float, width: Float, height: Float, gable: Float, size: Float
  ) {
    let top = eaves - height
    let chimney = left + width * 0.68
    canvas.fill(
      .rectangle(x: chimney, y: top - 4 * size, width: 3.4 * size, height: 8 * size), DemoColor(0.55, 0.33, 0.27))
    if isWinter {
      canvas.fill(
        .rectangle(x: chimney - 0.5 * size, y: top - 5 * size, width: 4.4 * size, height: 1.7 * size),
        DemoColor(1, 1, 1))
      for puff in 0..<6 {
        let rise = Float(puff)
        canvas.fill(
          .ellipse(
            x: chimney + 1.7 * size + rise * rise * 0.4 * size, y: top - (6 + 3.4 * rise) * size,
            radiusX: (1.3 + 0.6 * rise) * size, radiusY: (1.2 + 0.45 * rise) * size), opacity: 0.5 - 0.07 * rise,
          DemoColor(0.93, 0.93, 0.95))
      }
    }
    let slope: [SIMD2<Float>] = [
      SIMD2(left + gable / 2 - 0.5 * size, top), SIMD2(left + width - gable * 0.3, top),
      SIMD2(left + width + 1.5 * size, eaves + 1.2 * size), SIMD2(left + gable - 0.5 * size, eaves + 1.2 * size),
    ]
    let roof = seasonal(DemoColor(0.74, 0.30, 0.20), DemoColor(0.94, 0.96, 1.0))
    let isWinter = isWinter
    canvas.fill(.convex(slope)) { _, y in
      let row = (y - top) / (1.9 * size)
      let relief = isWinter ? 1 - 0.1 * (y - top) / height : 1.05 - 0.22 * (row - row.rounded(.down))
      return roof * relief
    }
    canvas.fill(
      .line(
        from: SIMD2(left + gable / 2, top), to: SIMD2(left - 1.4 * size, eaves + 1.2 * size), width: 1.9 * size),
      roof * (isWinter ? 1 : 0.86))
    canvas.fill(
      .line(
        from: SIMD2(left + gable + 0.4 * size, eaves + 1.2 * size),
        to: SIMD2(left + width + 1.4 * size, eaves + 1.2 * size),
        width: 1.1 * size), isWinter ? DemoColor(0.78, 0.84, 0.95) : roof * 0.6)
  }

  /// A conifer or a leafy tree standing at `foot`.
  mutating func drawTree(_ foot: SIMD2<Float>, size: Float) {
    let shadow = seasonal(DemoColor(0.07, 0.16, 0.10), DemoColor(0.40, 0.51, 0.72))
    canvas.fill(
      .ellipse(x: foot.x + 4 * size, y: foot.y, radiusX: 10 * size, radiusY: 1.6 * size), opacity: 0.35, shadow)
    if generator.chance(0.5) { drawConifer(foot, size: size) } else { drawLeafyTree(foot, size: size) }
  }

  private mutating func drawConifer(_ foot: SIMD2<Float>, size: Float) {
    let height = 40 * size
    canvas.fill(
      .rectangle(x: foot.x - 1.3 * size, y: foot.y - 6 * size, width: 2.6 * size, height: 6 * size),
      DemoColor(0.33, 0.23, 0.17))
    let green = seasonal(DemoColor(0.12, 0.36, 0.20), DemoColor(0.17, 0.31, 0.27))
    let light = seasonal(DemoColor(0.36, 0.60, 0.27), DemoColor(0.38, 0.51, 0.47))
    let noise = noise
    let isWinter = isWinter
    for tier in 0..<5 {
      let share = Float(tier) / 5
      let bottom = foot.y - 4 * size - height * 0.78 * share
      let half = (10.5 - 8.2 * share) * size
      let top = bottom - height * (0.34 - 0.08 * share)
      canvas.fill(
        .convex([
          SIMD2(foot.x, top), SIMD2(foot.x + half, bottom), SIMD2(foot.x, bottom + 1.6 * size),
          SIMD2(foot.x - half, bottom),
        ])
      ) { x, y in
        let side = (foot.x - x) / half
        let down = (y - top) / (bottom - top)
        let needles = noise.smooth(x * 1.1, y * 0.7) - 0.5
        let color = blend(green, light, 0.30 + 0.5 * side + 0.5 * needles - 0.25 * (1 - down))
        guard isWinter else { return color }
        let snow = 0.85 + 0.7 * side - 1.05 * down + 0.9 * needles
        return blend(color, DemoColor(0.97, 0.98, 1), snow * 1.6)
      }
    }
  }

  private mutating func drawLeafyTree(_ foot: SIMD2<Float>, size: Float) {
    let crown = foot - SIMD2(0, 25 * size)
    if isWinter {
      drawBranches(from: foot, along: SIMD2(generator.number(-0.6, 0.6), -13) * size, width: 2.8 * size, depth: 5)
      return
    }
    let bark = DemoColor(0.38, 0.26, 0.18)
    canvas.fill(.line(from: foot, to: crown, width: 2.8 * size), bark)
    canvas.fill(.line(from: foot - SIMD2(0, 11 * size), to: crown + SIMD2(6, 0) * size, width: 1.4 * size), bark * 0.85)
    canvas.fill(.line(from: foot - SIMD2(0, 12 * size), to: crown - SIMD2(6, 0) * size, width: 1.4 * size), bark * 1.1)
    var leaves: [(center: SIMD2<Float>, radius: Float)] = []
    while leaves.count < 24 {
      let offset = SIMD2(generator.number(-1, 1), generator.number(-1, 1))
      guard (offset * offset).sum() < 1 else { continue }
      leaves.append((crown + offset * SIMD2(9.5, 9) * size, generator.number(3.2, 5) * size))
    }
    leaves.sort { $0.center.x + $0.center.y > $1.center.x + $1.center.y }
    let (dark, bright) = (DemoColor(0.13, 0.35, 0.12), DemoColor(0.63, 0.78, 0.28))
    for leaf in leaves {
      let light = (crown - leaf.center).sum() / (10 * size)
      canvas.fill(
        .ellipse(x: leaf.center.x, y: leaf.center.y, radiusX: leaf.radius, radiusY: leaf.radius)
      ) { x, y in
        let relief = (leaf.center.x - x + leaf.center.y - y) / leaf.radius
        return blend(dark, bright, 0.42 + 0.22 * light + 0.17 * relief)
      }
    }
  }

  /// A bare tree: each branch forks in two or three, turned by rational rotations so that no sine is needed.
  private mutating func drawBranches(from start: SIMD2<Float>, along: SIMD2<Float>, width: Float, depth: Int) {
    let end = start + along
    canvas.fill(.line(from: start, to: end, width: width), DemoColor(0.31, 0.25, 0.23))
    if abs(along.x) > abs(along.y) * 0.3 || depth < 3 {
      let up = SIMD2<Float>(0, -width * 0.4)
      canvas.fill(.line(from: start + up, to: end + up, width: width * 0.5), opacity: 0.85, DemoColor(0.97, 0.98, 1))
    }
    guard depth > 0 else { return }
    let turns: [SIMD2<Float>] = [SIMD2(12, 5) / 13, SIMD2(15, 8) / 17, SIMD2(24, 7) / 25, SIMD2(4, 3) / 5]
    for side in [Float(-1), 1] {
      let turn = turns[generator.integer(below: turns.count)]
      let (cosine, sine) = (turn.x, turn.y * side)
      let turned = SIMD2(along.x * cosine - along.y * sine, along.x * sine + along.y * cosine)
      let share = generator.number(0.66, 0.8)
      drawBranches(from: end, along: turned * share, width: width * 0.66, depth: depth - 1)
    }
  }
}
