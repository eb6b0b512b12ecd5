import Images
import NeuralNet

/// What a picture of `DemoData.writeShapes` shows.
enum DemoFigure: String, CaseIterable {
  case circle, cross, square, triangle
}

/// One flat shape of a bright colour somewhere on a plain ground: few things vary, so that a small generator learns them in
/// minutes.
enum ShapeScene {
  private static let colors = [
    DemoColor(0.86, 0.20, 0.18), DemoColor(0.16, 0.52, 0.78), DemoColor(0.20, 0.62, 0.34), DemoColor(0.94, 0.68, 0.14),
    DemoColor(0.50, 0.28, 0.66),
  ]

  /// The picture of `figure`, `size × size`, as (H, W, 3) bytes.
  static func draw(_ figure: DemoFigure, size: Int, generator: RandomGenerator) -> [UInt8] {
    var generator = generator
    var canvas = DemoCanvas(size: size)
    let ground = DemoColor(repeating: generator.number(0.86, 0.98))
    canvas.fill(.rectangle(x: 0, y: 0, width: 256, height: 256), ground)
    let radius = generator.number(56, 84)
    let centre = SIMD2(generator.number(92, 164), generator.number(92, 164))
    let color = colors[generator.integer(below: colors.count)] * generator.number(0.9, 1.1)
    let turn = direction(&generator)
    /// A place that lies in `x` and `y` before the figure is turned.
    func place(_ x: Float, _ y: Float) -> SIMD2<Float> {
      centre + radius * SIMD2(turn.x * x - turn.y * y, turn.y * x + turn.x * y)
    }
    switch figure {
    case .circle: canvas.fill(.ellipse(x: centre.x, y: centre.y, radiusX: radius, radiusY: radius), color)
    case .cross:
      for (x, y) in [(1, 0.3), (0.3, 1)] as [(Float, Float)] {
        canvas.fill(.convex([place(-x, -y), place(x, -y), place(x, y), place(-x, y)]), color)
      }
    case .square: canvas.fill(.convex([place(-0.8, -0.8), place(0.8, -0.8), place(0.8, 0.8), place(-0.8, 0.8)]), color)
    case .triangle: canvas.fill(.convex([place(0, -1.1), place(0.953, 0.55), place(-0.953, 0.55)]), color)
    }
    return canvas.picture
  }

  /// A direction, all of them alike: of a place in a square those in its circle.
  private static func direction(_ generator: inout RandomGenerator) -> SIMD2<Float> {
    while true {
      let place = SIMD2(generator.number(-1, 1), generator.number(-1, 1))
      let square = (place * place).sum()
      if square > 0.01, square <= 1 { return place / square.squareRoot() }
    }
  }
}

extension DemoData {
  /// Writes a set of pictures in classes: the sub-folders `circle`, `cross`, `square` and `triangle` of `folder/train` and
  /// `folder/val` hold pictures of that shape, in any of some colours.
  ///
  /// - Parameters: as those of `writePaired`; `count` is for each shape.
  /// - Throws: `FileError` where a number is out of range, `folder` is in use, or cannot be written.
  public static func writeShapes(
    to folder: String, count: Int = 200, size: Int = 256, seed: UInt64 = 0, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let figures = DemoFigure.allCases
    let parts = [("train", count), ("val", heldOutCount(count))].flatMap { part, count in
      figures.map { ("\(part)/\($0.rawValue)", count) }
    }
    try write(to: folder, parts: parts, count: count, size: size, progress: progress) { part, index in
      let figure = figures[part % figures.count]
      let pixels = ShapeScene.draw(
        figure, size: size, generator: RandomGenerator(seed: seed, stream: stream(part, index)))
      return (figure.rawValue, Picture(width: size, height: size, channels: 3, pixels: pixels))
    }
  }
}
