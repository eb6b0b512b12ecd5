/// The ground floor, the street, and the trees before it.
extension FacadeScene {
  mutating func drawGroundFloor(_ house: House, top: Float, height: Float) {
    let bay = (house.width - 12) / Float(house.columns)
    let door = generator.integer(below: house.columns)
    let isShop = generator.chance(0.55)
    canvas.fill(
      .rectangle(x: house.left, y: top + 1, width: house.width, height: 2.6), label: FacadeClass.trim.rawValue,
      DemoColor(0.93, 0.90, 0.84))
    canvas.fill(
      .rectangle(x: house.left, y: street - 6, width: house.width, height: 6), label: FacadeClass.trim.rawValue,
      DemoColor(0.66, 0.63, 0.60))
    for column in 0..<house.columns {
      let center = house.left + 6 + bay * (Float(column) + 0.5)
      if column == door {
        drawDoor(center: center, top: top + height * 0.2, width: min(22, bay * 0.6))
      } else if isShop {
        drawShop(x: center - bay * 0.42, top: top + height * 0.24, width: bay * 0.84)
      } else {
        let width = min(22, bay * 0.5)
        drawWindow(
          x: center - width / 2, y: top + height * 0.26, width: width, height: height * 0.48, isArched: false,
          hasShutters: false)
      }
    }
  }

  private mutating func drawDoor(center: Float, top: Float, width: Float) {
    let x = center - width / 2
    let height = street - top
    canvas.fill(
      .arch(x: x - 2.5, y: top - 2.5, width: width + 5, height: height + 2.5), label: FacadeClass.trim.rawValue,
      DemoColor(0.95, 0.93, 0.88))
    canvas.fill(.arch(x: x, y: top, width: width, height: height), label: FacadeClass.door.rawValue) { _, y in
      DemoColor(0.50, 0.13, 0.12) * (1.15 - 0.35 * (y - top) / height)
    }
    canvas.fill(
      .arch(x: x + 2, y: top + 2, width: width - 4, height: width / 2 - 1),
      color: materials.glass(left: x, top: top, width: width, height: width))
    let panel = (width - 7) / 2
    let first = top + width / 2 + 4
    let panelHeight = (street - first - 8) / 2
    for (column, row) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
      let left = x + 2.3 + Float(column) * (panel + 2.4)
      let upper = first + Float(row) * (panelHeight + 2.5)
      canvas.fill(
        .rectangle(x: left, y: upper, width: panel, height: panelHeight), opacity: 0.5, DemoColor(0.26, 0.05, 0.06))
      canvas.fill(
        .rectangle(x: left + 1, y: upper + 1, width: panel - 1, height: panelHeight - 1), opacity: 0.6,
        DemoColor(0.56, 0.17, 0.15))
    }
    canvas.fill(
      .ellipse(x: x + width / 2 + 2.2, y: first + panelHeight, radiusX: 1.1, radiusY: 1.1), DemoColor(0.95, 0.80, 0.42))
    canvas.fill(
      .rectangle(x: x - 4, y: street - 3, width: width + 8, height: 4), label: FacadeClass.trim.rawValue,
      DemoColor(0.82, 0.80, 0.76))
  }

  private mutating func drawShop(x: Float, top: Float, width: Float) {
    let height = street - 6 - top
    canvas.fill(
      .rectangle(x: x - 1.5, y: top - 1, width: width + 3, height: height + 1), label: FacadeClass.shop.rawValue,
      DemoColor(0.17, 0.26, 0.25))
    canvas.fill(.rectangle(x: x + 1, y: top, width: width - 2, height: height - 3)) { u, v in
      let glow = max(0, 1 - abs(v - top - height * 0.55) / (height * 0.6))
      let base = blend(DemoColor(0.24, 0.22, 0.23), DemoColor(1.0, 0.80, 0.47), 0.85 * glow)
      let streak = max(0, 1 - abs((u - x) / width + 0.5 * (v - top) / height - 0.6) / 0.1)
      return blend(base, DemoColor(0.97, 0.97, 0.95), 0.35 * streak)
    }
    canvas.fill(.rectangle(x: x + width / 2 - 0.7, y: top, width: 1.4, height: height - 3), DemoColor(0.17, 0.26, 0.25))
    canvas.fill(.rectangle(x: x, y: top + 9, width: width + 2, height: 5), opacity: 0.4, DemoColor(0.05, 0.05, 0.1))
    let awning: [SIMD2<Float>] = [
      SIMD2(x, top - 4), SIMD2(x + width, top - 4), SIMD2(x + width + 3, top + 10), SIMD2(x - 3, top + 10),
    ]
    canvas.fill(.convex(awning), label: FacadeClass.awning.rawValue) { u, v in
      let stripe = ((u - x) / width * 6).rounded(.down)
      let cloth = Int(stripe) % 2 == 0 ? DemoColor(0.83, 0.20, 0.18) : DemoColor(0.97, 0.95, 0.90)
      return cloth * (1.06 - 0.022 * (v - top + 4))
    }
    canvas.fill(.rectangle(x: x - 3, y: top + 8.6, width: width + 6, height: 1.4), opacity: 0.25, DemoColor(0.1, 0, 0))
  }

  mutating func drawStreet() {
    let street = street
    canvas.fill(.rectangle(x: 0, y: street, width: 256, height: 22), label: FacadeClass.pavement.rawValue) {
      [materials] x, y in
      let depth = y - street
      if depth > 13 {
        return DemoColor(0.34, 0.34, 0.37) * (0.97 + 0.06 * materials.noise.smooth(x, y))
      }
      if depth > 10 { return DemoColor(0.83, 0.82, 0.79) * (depth > 12 ? 0.75 : 1) }
      let column = (x / 16).rounded(.down)
      let joint = x - column * 16 < 0.9 || depth < 0.8 || abs(depth - 5) < 0.45
      return DemoColor(0.71, 0.69, 0.66) * (joint ? 0.86 : 0.98 + 0.03 * materials.noise.cell(Int(column), 5))
    }
    canvas.fill(.rectangle(x: 0, y: street, width: 256, height: 3), opacity: 0.25, DemoColor(0.1, 0.1, 0.16))
  }

  mutating func drawTree(x: Float, height: Float) {
    let label = FacadeClass.plant.rawValue
    let foot = street + 8
    canvas.fill(.ellipse(x: x + 9, y: foot, radiusX: 20, radiusY: 2.6), opacity: 0.4, DemoColor(0.08, 0.08, 0.14))
    canvas.fill(.line(from: SIMD2(x, foot), to: SIMD2(x, foot - height * 0.6), width: 4.4), label: label) { u, _ in
      DemoColor(0.40, 0.28, 0.20) * (1.2 - 0.14 * (u - x + 2))
    }
    let middle = foot - height * 0.72
    let radius = height * 0.3
    var leaves: [(SIMD2<Float>, Float)] = []
    while leaves.count < 46 {
      let offset = SIMD2(generator.number(-1, 1), generator.number(-1, 1))
      guard (offset * offset).sum() < 1 else { continue }
      leaves.append(
        (SIMD2(x + offset.x * radius, middle + offset.y * radius * 1.08), generator.number(0.24, 0.4) * radius))
    }
    // Painted from the shaded side to the lit one: the light then lies on top.
    leaves.sort { $0.0.x + $0.0.y > $1.0.x + $1.0.y }
    for (center, size) in leaves {
      let light = (x - center.x + middle - center.y) / radius
      canvas.fill(.ellipse(x: center.x, y: center.y, radiusX: size, radiusY: size), label: label) { u, v in
        let relief = (center.x - u + center.y - v) / size
        return blend(DemoColor(0.13, 0.31, 0.16), DemoColor(0.55, 0.70, 0.27), 0.42 + 0.24 * light + 0.16 * relief)
      }
    }
  }
}
