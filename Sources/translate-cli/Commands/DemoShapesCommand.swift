import DemoData

/// `translate-cli demo-data shapes DIR`
struct DemoShapesCommand: Command {
  let words = ["demo-data", "shapes"]
  let summary = "draw a small data set in classes: circles, crosses, squares and triangles"
  let discussion = """
    Each class is a sub-folder: --count is for each of them. Train with train generate, and --labels folders to tell them \
    apart.
    """
  let operands = [Operand<Self>("DIR", \.drawing.folder, "folder to draw to")]
  let options = [DemoDrawing.options.within(\Self.drawing)]
  let memoryAdvice = "choose a smaller --size, or give the program more memory"
  let examples = ["demo-data shapes demo/shapes --count 500 --size 64"]

  var drawing = DemoDrawing()

  func run(on console: Console) throws -> ExitCode {
    try drawing.draw(console, DemoData.writeShapes)
  }
}
