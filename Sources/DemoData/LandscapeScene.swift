import NeuralNet

/// Hills with trees and houses, in summer or in winter: what `demo-data unpaired` draws.
///
/// Both seasons draw the same kind of scene from the same distribution; only their look differs: light, snow, leaves.
struct LandscapeScene {
  var canvas: DemoCanvas
  var generator: RandomGenerator
  let noise: DemoNoise
  let isWinter: Bool
  /// Where the sun stands.
  private let sun: SIMD2<Float>

  private init(size: Int, isWinter: Bool, generator: RandomGenerator) {
    var generator = generator
    self.isWinter = isWinter
    noise = DemoNoise(seed: generator.next())
    sun = SIMD2(generator.number(36, 220), generator.number(28, 66))
    canvas = DemoCanvas(size: size)
    self.generator = generator
  }

  /// Draws one scene of `size × size` as (H, W, 3) bytes.
  static func draw(size: Int, isWinter: Bool, generator: RandomGenerator) -> [UInt8] {
    var scene = LandscapeScene(size: size, isWinter: isWinter, generator: generator)
    scene.draw()
    return scene.canvas.picture
  }

  /// One of two colours, by season.
  func seasonal(_ summer: DemoColor, _ winter: DemoColor) -> DemoColor { isWinter ? winter : summer }

  private mutating func draw() {
    drawSky()
    drawMountains()
    let hills = (0..<3).map { hill(Float($0)) }
    for (index, height) in hills.enumerated() { drawHill(index, height) }
    if isWinter { drawSnowfall() }
  }

  // MARK: Far away

  private mutating func drawSky() {
    let (noise, sun, isWinter) = (noise, sun, isWinter)
    let zenith = seasonal(DemoColor(0.20, 0.49, 0.86), DemoColor(0.62, 0.70, 0.80))
    let horizon = seasonal(DemoColor(0.85, 0.93, 0.96), DemoColor(0.95, 0.88, 0.84))
    let glow = seasonal(DemoColor(1, 0.95, 0.72), DemoColor(1, 0.93, 0.82))
    let cloud = seasonal(DemoColor(1, 1, 1), DemoColor(0.83, 0.85, 0.89))
    canvas.fill(.rectangle(x: 0, y: 0, width: 256, height: 256)) { x, y in
      let away = SIMD2(x, y) - sun
      let distance = (away * away).sum().squareRoot()
      var color = blend(zenith, horizon, y / 135)
      color = blend(color, glow, (isWinter ? 0.75 : 0.6) / (1 + distance * distance / 1100))
      let billow = noise.clouds(x / 62, y / 27) - (isWinter ? 0.46 : 0.53)
      let underside = max(0, noise.clouds(x / 62, (y + 5) / 27) - 0.55) * (isWinter ? 0.2 : 0.5)
      return blend(color, cloud * (1 - underside), min(max(billow * 5, 0), isWinter ? 0.6 : 0.92))
    }
    canvas.fill(
      .ellipse(x: sun.x, y: sun.y, radiusX: isWinter ? 9 : 11, radiusY: isWinter ? 9 : 11), opacity: isWinter ? 0.8 : 1,
      seasonal(DemoColor(1, 0.96, 0.70), DemoColor(1, 0.97, 0.90)))
  }

  private mutating func drawMountains() {
    let (noise, isWinter) = (noise, isWinter)
    for range in 0..<2 {
      let depth = Float(range)
      let ridge = table { x in
        let peaks = abs(noise.clouds(x / 70 + 31 * depth, 9.5 + depth) - 0.5) * 2
        return 84 + 26 * depth + 42 * peaks - 18 * noise.smooth(x / 90, 3 + depth)
      }
      let rock = blend(
        seasonal(DemoColor(0.40, 0.51, 0.66), DemoColor(0.60, 0.66, 0.76)),
        seasonal(DemoColor(0.35, 0.50, 0.50), DemoColor(0.68, 0.73, 0.81)), depth)
      let snow = seasonal(DemoColor(0.93, 0.95, 0.98), DemoColor(0.93, 0.94, 0.97))
      let haze = seasonal(rock * 1.2, snow)
      canvas.fill(.ground(height: ridge)) { x, y in
        let below = y - ridge(x)
        let crag = noise.clouds(x / 9, y / 13) - 0.5
        // Spurs run down from the ridge to both sides: a texture sheared by the depth below it, lit from the left.
        let (u, v) = ((x + below * 0.45) / 21, (y - below * 0.3) / 24)
        let spur = noise.clouds(u + 0.11, v) - noise.clouds(u - 0.11, v)
        let slope = (ridge(x + 1.5) - ridge(x - 1.5)) * max(0, 1 - below / 26)
        let lit = rock * (1.02 - slope * 0.06 + spur * 1.5 + crag * 0.22)
        let cover: Float = isWinter ? 0.85 - below / 90 + crag * 0.9 : (range == 0 ? 0.9 - below / 9 + crag * 2.6 : 0)
        return blend(blend(lit, snow * (0.97 + 0.10 * crag + spur * 0.55), cover), haze, below / 150)
      }
    }
  }

  // MARK: Hills

  private func hill(_ layer: Float) -> (Float) -> Float {
    let noise = noise
    return table { x in
      142 + 31 * layer - (26 - 4 * layer) * (noise.smooth(x / (75 + 20 * layer) + 17 * layer, 40 + layer) - 0.4)
        - 6 * noise.smooth(x / 31, 60 + layer)
    }
  }

  private mutating func drawHill(_ index: Int, _ height: @escaping (Float) -> Float) {
    let layer = Float(index)
    drawGround(layer, height)
    if index == 1 && generator.chance(0.5) { drawLake(height) }
    // What stands on a hill is drawn from the back to the front.
    let houses = [2, 2, 1][index]
    let trees = [16, 13, 7][index]
    var places: [(depth: Float, x: Float, isHouse: Bool)] = []
    for number in 0..<houses + trees {
      let isHouse = number < houses && generator.chance(0.65)
      places.append((generator.uniform().squareRootShare * (9 + 7 * layer), generator.number(2, 254), isHouse))
    }
    places.sort { $0.depth < $1.depth }
    for place in places {
      let foot = SIMD2(place.x, height(place.x) + 3 + place.depth)
      let size = (0.42 + 0.33 * layer) * (1 + place.depth / 60)
      if place.isHouse { drawHouse(foot, size: size) } else { drawTree(foot, size: size * generator.number(0.8, 1.25)) }
    }
    if index == 2 { drawForeground(height) }
  }

  private mutating func drawGround(_ layer: Float, _ height: @escaping (Float) -> Float) {
    let (noise, isWinter) = (noise, isWinter)
    let near = seasonal(DemoColor(0.36, 0.61, 0.20), DemoColor(0.95, 0.96, 0.99))
    let far = seasonal(DemoColor(0.44, 0.63, 0.42), DemoColor(0.86, 0.89, 0.94))
    let base = blend(far, near, layer / 2)
    let shade = seasonal(DemoColor(0.17, 0.38, 0.17), DemoColor(0.60, 0.70, 0.86))
    let field = seasonal(DemoColor(0.80, 0.74, 0.32), DemoColor(0.90, 0.92, 0.97))
    canvas.fill(.ground(height: height)) { x, y in
      let below = y - height(x)
      let slope = height(x + 2) - height(x - 2)
      let patches = noise.clouds(x / 40 + 90 * layer, (y + below) / 22)
      let grain = noise.smooth(x * 0.8, y * 1.3) - 0.5
      var color = blend(base, field, (patches - 0.56) * 9 * (isWinter ? 1 : 1 - layer / 3))
      color = blend(color, shade, 0.10 + slope * 0.16 + (0.52 - patches) * 0.9 + below / 260)
      return color * (1 + grain * (isWinter ? 0.025 : 0.12))
    }
    // A rim of light along the crest.
    let crest = seasonal(DemoColor(0.83, 0.90, 0.50), DemoColor(1, 1, 1))
    canvas.fill(.ground(height: height), opacity: 0.35) { x, y in
      let below = y - height(x)
      let rim = max(0, 1 - below / 2.4)
      return blend(base, crest, rim)
    }
  }

  private mutating func drawLake(_ height: (Float) -> Float) {
    let x = generator.number(60, 196)
    let y = height(x) + generator.number(20, 25)
    let width = generator.number(34, 54)
    let (noise, isWinter) = (noise, isWinter)
    canvas.fill(
      .ellipse(x: x, y: y, radiusX: width + 2.5, radiusY: 8.2),
      seasonal(DemoColor(0.62, 0.58, 0.36), DemoColor(0.80, 0.85, 0.93)))
    let water = seasonal(DemoColor(0.24, 0.50, 0.74), DemoColor(0.70, 0.79, 0.87))
    let bright = seasonal(DemoColor(0.76, 0.89, 0.96), DemoColor(0.88, 0.92, 0.96))
    canvas.fill(.ellipse(x: x, y: y, radiusX: width, radiusY: 6.6)) { u, v in
      let ripple = isWinter ? noise.clouds(u / 17, v / 3) : noise.clouds(u / 15, v / 1.1)
      return blend(water, bright, (y - v) / 14 + (ripple - 0.42) * 2.2)
    }
  }

  private mutating func drawForeground(_ height: (Float) -> Float) {
    if generator.chance(0.6) { drawFence(height) }
    for _ in 0..<230 {
      let x = generator.number(0, 256)
      let y = height(x) + 12 + generator.number(0, 256 - 200)
      let size = 0.5 + (y - 200) / 70
      let hue = generator.integer(below: 4)
      let lean = generator.number(-1.5, 1.5)
      guard size > 0.35 else { continue }
      if isWinter {
        // Dry stalks here and there, and the hollows of the snow.
        let isStalk = hue == 0
        let top = SIMD2(x + lean, y - 3.6 * size)
        canvas.fill(
          isStalk
            ? .line(from: SIMD2(x, y), to: top, width: 0.5)
            : .ellipse(x: x, y: y, radiusX: 4 * size, radiusY: 0.8 * size),
          opacity: isStalk ? 0.8 : 0.25, isStalk ? DemoColor(0.57, 0.49, 0.41) : DemoColor(0.70, 0.79, 0.92))
      } else {
        canvas.fill(
          .line(from: SIMD2(x, y), to: SIMD2(x + lean, y - 3.6 * size), width: 0.6), DemoColor(0.20, 0.44, 0.14))
        let petals = [
          DemoColor(0.96, 0.85, 0.25), DemoColor(0.98, 0.97, 0.93), DemoColor(0.88, 0.22, 0.20),
          DemoColor(0.62, 0.40, 0.80),
        ]
        canvas.fill(
          .ellipse(x: x + lean, y: y - 3.6 * size, radiusX: 1.1 * size, radiusY: 1.0 * size), petals[hue])
      }
    }
  }

  private mutating func drawFence(_ height: (Float) -> Float) {
    let wood = seasonal(DemoColor(0.55, 0.40, 0.26), DemoColor(0.43, 0.36, 0.32))
    let offset = generator.number(20, 30)
    var x: Float = -6
    while x < 262 {
      let (here, next) = (SIMD2(x, height(x) + offset), SIMD2(x + 17, height(x + 17) + offset))
      for rail in [Float(6), 10.5] {
        let lift = SIMD2<Float>(0, -rail)
        canvas.fill(.line(from: here + lift, to: next + lift, width: 1.5), wood * (rail > 8 ? 1.1 : 0.9))
        if isWinter {
          canvas.fill(
            .line(from: here + lift - SIMD2(0, 1), to: next + lift - SIMD2(0, 1), width: 0.9), DemoColor(1, 1, 1))
        }
      }
      canvas.fill(.ellipse(x: x + 3, y: here.y + 0.5, radiusX: 5, radiusY: 1), opacity: 0.3, DemoColor(0.12, 0.2, 0.3))
      canvas.fill(.rectangle(x: x - 1.2, y: here.y - 14, width: 2.6, height: 14.5), wood)
      canvas.fill(.rectangle(x: x + 0.4, y: here.y - 14, width: 1, height: 14.5), wood * 0.75)
      if isWinter {
        canvas.fill(.ellipse(x: x + 0.1, y: here.y - 14.2, radiusX: 1.9, radiusY: 1.3), DemoColor(1, 1, 1))
      }
      x += 17
    }
  }

  private mutating func drawSnowfall() {
    for _ in 0..<110 {
      let radius = generator.number(0.35, 1.15)
      let (x, y) = (generator.number(0, 256), generator.number(0, 256))
      canvas.fill(.ellipse(x: x, y: y, radiusX: radius, radiusY: radius), opacity: 0.75, DemoColor(1, 1, 1))
    }
  }

  /// `function` between -8 and 264, looked up instead of computed for every pixel.
  private func table(_ function: (Float) -> Float) -> (Float) -> Float {
    let values = (0...544).map { function(Float($0) / 2 - 8) }
    return { x in
      let position = min(max((x + 8) * 2, 0), 543)
      let index = Int(position)
      let share = position - Float(index)
      return values[index] * (1 - share) + values[index + 1] * share
    }
  }
}

extension Double {
  /// The number of 0 ..< 1 that makes points in a widening area evenly spread.
  fileprivate var squareRootShare: Float { Float(squareRoot()) }
}
