import NeuralNet

/// A row of town houses and its label map: what `demo-data paired` draws.
///
/// Nearly everything in the picture follows from the labels (materials, light and shadows have one rule each), so that
/// a network can learn to paint it in minutes.
struct FacadeScene {
  var canvas: DemoCanvas
  var generator: RandomGenerator
  let materials: FacadeMaterials
  let street: Float = 234

  private init(size: Int, generator: RandomGenerator) {
    var generator = generator
    materials = FacadeMaterials(noise: DemoNoise(seed: generator.next()))
    canvas = DemoCanvas(size: size)
    self.generator = generator
  }

  /// Draws one scene in a light: picture and label map, each `size × size`, as (H, W, 3) bytes.
  static func draw(
    size: Int, generator: RandomGenerator, light: FacadeLight = .day
  ) -> (picture: [UInt8], labels: [UInt8]) {
    var scene = FacadeScene(size: size, generator: generator)
    scene.draw()
    if light != .day {
      scene.canvas.relight { color, label, y in
        FacadeClass(rawValue: label).map { light.seen(color, $0, y: y) } ?? color
      }
    }
    return (scene.canvas.picture, scene.canvas.labelMap(FacadeClass.palette))
  }

  private mutating func draw() {
    let materials = materials
    canvas.fill(.rectangle(x: 0, y: 0, width: 256, height: 256), label: FacadeClass.sky.rawValue, color: materials.sky)
    drawHouses()
    drawStreet()
    for _ in 0..<[0, 1, 1, 2][generator.integer(below: 4)] {
      drawTree(x: generator.number(10, 246), height: generator.number(52, 82))
    }
  }

  // MARK: Houses

  /// One house of the row.
  struct House {
    var left: Float
    var right: Float
    /// Where the wall ends and the roof begins.
    var eaves: Float
    var wall: FacadeClass
    var roof: FacadeClass
    var floors: Int
    var columns: Int
    var width: Float { right - left }
  }

  private mutating func drawHouses() {
    let count = [1, 2, 2, 3, 3][generator.integer(below: 5)]
    var borders: [Float] = [-4]
    for index in 1..<max(count, 1) {
      borders.append(256 * Float(index) / Float(count) + generator.number(-16, 16))
    }
    borders.append(260)
    let walls: [FacadeClass] = [.brick, .plaster, .blueWall, .stone]
    let order = generator.permutation(walls.count)
    for index in 0..<count {
      let width = borders[index + 1] - borders[index]
      let floors = 3 + generator.integer(below: 2)
      let house = House(
        left: borders[index], right: borders[index + 1], eaves: generator.number(46, 82) - (floors == 4 ? 12 : 0),
        wall: walls[order[index]], roof: generator.chance(0.5) ? .slate : .tiles, floors: floors,
        columns: max(2, Int(width / generator.number(34, 44))))
      draw(house)
    }
  }

  private mutating func draw(_ house: House) {
    drawRoof(house)
    let height = street - house.eaves
    canvas.fill(
      .rectangle(x: house.left, y: house.eaves, width: house.width, height: height), label: house.wall.rawValue,
      color: materials.wall(house.wall, left: house.left, top: house.eaves, height: height))
    // The neighbour's wall closes the house off in a thin line of light and one of shadow.
    canvas.fill(
      .rectangle(x: house.left, y: house.eaves, width: 1, height: height), opacity: 0.25, DemoColor(1, 0.97, 0.9))
    canvas.fill(
      .rectangle(x: house.right - 1.5, y: house.eaves, width: 1.5, height: height), opacity: 0.35,
      DemoColor(0.1, 0.1, 0.15))
    let floorHeight = (height - 6) / Float(house.floors)
    drawFloors(house, floorHeight: floorHeight)
    drawGroundFloor(house, top: street - floorHeight, height: floorHeight)
    drawCornice(house)
  }

  private mutating func drawRoof(_ house: House) {
    let color: (Float) -> (Float, Float) -> DemoColor = { [materials] top in
      materials.roof(house.roof, left: house.left, top: top, height: house.eaves - top)
    }
    let (left, right, eaves) = (house.left, house.right, house.eaves)
    if house.width < 110 && generator.chance(0.45) {
      let top = max(6, eaves - generator.number(36, 52))
      drawChimney(x: left + house.width * 0.7, top: top + 6, bottom: eaves)
      canvas.fill(
        .convex([SIMD2(left, eaves), SIMD2((left + right) / 2, top), SIMD2(right, eaves)]), label: house.roof.rawValue,
        color: color(top))
      return
    }
    let top = max(8, eaves - generator.number(24, 34))
    drawChimney(x: left + house.width * 0.18, top: top - 10, bottom: eaves)
    if house.width > 100 { drawChimney(x: left + house.width * 0.78, top: top - 10, bottom: eaves) }
    canvas.fill(
      .convex([SIMD2(left, eaves), SIMD2(left + 9, top), SIMD2(right - 9, top), SIMD2(right, eaves)]),
      label: house.roof.rawValue, color: color(top))
    canvas.fill(
      .rectangle(x: left + 8, y: top - 1, width: house.width - 16, height: 2.5), label: FacadeClass.trim.rawValue,
      DemoColor(0.88, 0.86, 0.80))
    let bay = (house.width - 16) / Float(house.columns)
    guard eaves - top > 24 else { return }
    for column in 0..<house.columns where (column + house.columns) % 2 == 1 {
      drawDormer(x: left + 8 + bay * (Float(column) + 0.5), bottom: eaves - 2, height: 19)
    }
  }

  private mutating func drawChimney(x: Float, top: Float, bottom: Float) {
    canvas.fill(
      .rectangle(x: x, y: top, width: 12, height: bottom - top), label: FacadeClass.brick.rawValue,
      color: materials.wall(.brick, left: x, top: top, height: 60))
    canvas.fill(
      .rectangle(x: x + 8, y: top, width: 4, height: bottom - top), opacity: 0.3, DemoColor(0.12, 0.08, 0.1))
    canvas.fill(
      .rectangle(x: x - 1.5, y: top - 1, width: 15, height: 3), label: FacadeClass.trim.rawValue,
      DemoColor(0.86, 0.83, 0.77))
  }

  private mutating func drawDormer(x: Float, bottom: Float, height: Float) {
    let width: Float = 17
    canvas.fill(
      .convex([
        SIMD2(x + width / 2, bottom - height), SIMD2(x + width / 2 + 7, bottom), SIMD2(x + width / 2, bottom),
      ]), opacity: 0.4, DemoColor(0.08, 0.08, 0.13))
    canvas.fill(
      .rectangle(x: x - width / 2, y: bottom - height + 3, width: width, height: height - 3),
      label: FacadeClass.trim.rawValue, DemoColor(0.94, 0.92, 0.87))
    drawGlass(x: x - width / 2 + 3, y: bottom - height + 6, width: width - 6, height: height - 8, isArched: false)
    canvas.fill(
      .convex([
        SIMD2(x - width / 2 - 2, bottom - height + 4), SIMD2(x, bottom - height - 4),
        SIMD2(x + width / 2 + 2, bottom - height + 4),
      ]), label: FacadeClass.trim.rawValue, DemoColor(0.98, 0.96, 0.91))
  }

  private mutating func drawCornice(_ house: House) {
    let (left, width, y) = (house.left, house.width, house.eaves)
    for step in 0..<5 {
      canvas.fill(
        .rectangle(x: left, y: y + 4, width: width, height: 3 + Float(step) * 1.6), opacity: 0.1,
        DemoColor(0.08, 0.07, 0.14))
    }
    canvas.fill(.rectangle(x: left, y: y - 3, width: width, height: 8), label: FacadeClass.trim.rawValue) { _, v in
      DemoColor(0.95, 0.92, 0.86) * (1.04 - 0.035 * (v - y + 3))
    }
    canvas.fill(.rectangle(x: left, y: y - 4, width: width, height: 1.6), DemoColor(1, 0.99, 0.95))
    var x = left + 3
    while x < house.right - 3 {
      canvas.fill(.rectangle(x: x, y: y + 1.5, width: 3, height: 3.5), opacity: 0.5, DemoColor(0.63, 0.59, 0.55))
      x += 7
    }
  }

  // MARK: Openings

  private mutating func drawFloors(_ house: House, floorHeight: Float) {
    let bay = (house.width - 12) / Float(house.columns)
    let windowWidth = min(22, bay * generator.number(0.44, 0.56))
    let windowHeight = floorHeight * generator.number(0.56, 0.64)
    let hasShutters = house.wall != .stone && bay > windowWidth * 1.9 && generator.chance(0.5)
    let isArched = !hasShutters && generator.chance(0.4)
    let balconyFloor = generator.chance(0.6) ? generator.integer(below: house.floors - 1) : -1
    let isLongBalcony = generator.chance(0.35)
    for floor in 0..<house.floors - 1 {
      let top = house.eaves + 6 + Float(floor) * floorHeight + (floorHeight - windowHeight) * 0.52
      if floor > 0 {
        let y = house.eaves + 4 + Float(floor) * floorHeight
        canvas.fill(
          .rectangle(x: house.left, y: y + 2, width: house.width, height: 2), opacity: 0.22, DemoColor(0.1, 0.08, 0.14))
        canvas.fill(
          .rectangle(x: house.left, y: y, width: house.width, height: 2.4), label: FacadeClass.trim.rawValue,
          DemoColor(0.93, 0.90, 0.84))
      }
      for column in 0..<house.columns {
        let x = house.left + 6 + bay * (Float(column) + 0.5) - windowWidth / 2
        drawWindow(
          x: x, y: top, width: windowWidth, height: windowHeight, isArched: isArched, hasShutters: hasShutters)
        if floor == balconyFloor && !isLongBalcony {
          drawBalcony(x: x - 4, y: top + windowHeight - 9, width: windowWidth + 8)
        }
      }
      if floor == balconyFloor && isLongBalcony {
        drawBalcony(x: house.left + 8, y: top + windowHeight - 9, width: house.width - 16)
      }
    }
  }

  mutating func drawWindow(
    x: Float, y: Float, width: Float, height: Float, isArched: Bool, hasShutters: Bool
  ) {
    let shadow = DemoColor(0.08, 0.07, 0.14)
    func outline(_ grow: Float) -> DemoShape {
      isArched
        ? .arch(x: x - grow, y: y - grow, width: width + 2 * grow, height: height + grow)
        : .rectangle(x: x - grow, y: y - grow, width: width + 2 * grow, height: height + grow)
    }
    canvas.fill(.rectangle(x: x, y: y + height + 2, width: width + 4, height: 3), opacity: 0.3, shadow)
    canvas.fill(outline(2), label: FacadeClass.trim.rawValue, DemoColor(0.95, 0.93, 0.88))
    drawGlass(x: x, y: y, width: width, height: height, isArched: isArched)
    canvas.fill(
      .rectangle(x: x - 3.5, y: y + height, width: width + 7, height: 3), label: FacadeClass.trim.rawValue,
      DemoColor(0.97, 0.95, 0.90))
    guard hasShutters else { return }
    for side in [x - 2.5 - width * 0.42, x + width + 2.5] {
      let panel = width * 0.42
      canvas.fill(.rectangle(x: side + 1, y: y + 1, width: panel + 0.8, height: height), opacity: 0.3, shadow)
      canvas.fill(.rectangle(x: side, y: y - 0.5, width: panel, height: height), label: FacadeClass.shutter.rawValue) {
        _, v in
        let slat = (v - y) / 2.6
        return DemoColor(0.20, 0.42, 0.36) * (0.84 + 0.36 * (slat - slat.rounded(.down)))
      }
    }
  }

  private mutating func drawGlass(x: Float, y: Float, width: Float, height: Float, isArched: Bool) {
    func inside(_ shrink: Float) -> DemoShape {
      isArched
        ? .arch(x: x + shrink, y: y + shrink, width: width - 2 * shrink, height: height - shrink)
        : .rectangle(x: x + shrink, y: y + shrink, width: width - 2 * shrink, height: height - shrink)
    }
    let frame = DemoColor(0.99, 0.98, 0.96)
    canvas.fill(inside(0), label: FacadeClass.window.rawValue, frame * 0.93)
    canvas.fill(inside(1.3), color: materials.glass(left: x, top: y, width: width, height: height))
    // The reveal shades the glass from above and from the left.
    canvas.fill(
      .rectangle(x: x + 1.3, y: y + 1.3, width: 1.8, height: height - 1.3), opacity: isArched ? 0 : 0.4,
      DemoColor(0.04, 0.05, 0.1))
    canvas.fill(
      .rectangle(x: x + 1.3, y: y + 1.3, width: width - 2.6, height: 2.2), opacity: isArched ? 0 : 0.45,
      DemoColor(0.04, 0.05, 0.1))
    canvas.fill(.rectangle(x: x + width / 2 - 0.7, y: y + 1, width: 1.4, height: height - 1), frame)
    canvas.fill(.rectangle(x: x + 1, y: y + height * 0.36, width: width - 2, height: 1.3), frame)
  }

  private mutating func drawBalcony(x: Float, y: Float, width: Float) {
    let label = FacadeClass.balcony.rawValue
    let iron = DemoColor(0.13, 0.14, 0.17)
    canvas.fill(.rectangle(x: x + 2, y: y + 12, width: width, height: 7), opacity: 0.3, DemoColor(0.08, 0.07, 0.14))
    canvas.fill(.rectangle(x: x, y: y, width: width, height: 12), label: label, opacity: 0.12, iron)
    var bar = x + 0.5
    while bar < x + width - 0.5 {
      canvas.fill(.rectangle(x: bar, y: y, width: 0.9, height: 10), iron)
      bar += 3
    }
    canvas.fill(.rectangle(x: x - 0.5, y: y - 0.6, width: width + 1, height: 1.7), label: label, iron * 1.4)
    canvas.fill(
      .rectangle(x: x - 1.5, y: y + 9.5, width: width + 3, height: 3.2), label: label, DemoColor(0.83, 0.81, 0.76))
  }
}
