import TestSupport
import Foundation
import Testing
@testable import Files
@testable import Images
@testable import Training

@Suite struct DataFolderTests {
  struct Case: CustomTestStringConvertible {
    var name: String
    var files: [String]
    var needs: DataNeeds?
    var recursive = false
    var expected: DataNeeds
    var arrangement: DataPart.Arrangement
    var a: [String]
    var b: [String] = []
    var heldOut: [String] = []
    var testDescription: String { name }
  }

  static let layouts = [
    Case(
      name: "side by side", files: ["img10.png", "img2.png", "img1.PNG", ".hidden.png", "notes.txt", "Thumbs.db"],
      expected: .pairs, arrangement: .sideBySide, a: ["img1.PNG", "img2.png", "img10.png"]),
    Case(
      name: "side by side in train", files: ["train/b.png", "train/a.png", "val/c.png", "test/d.png", "stray.png"],
      needs: .pairs, expected: .pairs, arrangement: .sideBySide, a: ["train/a.png", "train/b.png"],
      heldOut: ["val/c.png"]),
    Case(
      name: "test held out", files: ["train/a.png", "test/d.png"], expected: .pairs, arrangement: .sideBySide,
      a: ["train/a.png"], heldOut: ["test/d.png"]),
    Case(
      name: "beside its held-out part", files: ["a.png", "sub/b.png", "val/c.png"], recursive: true, expected: .pairs,
      arrangement: .sideBySide, a: ["a.png", "sub/b.png"], heldOut: ["val/c.png"]),
    Case(
      name: "a sub-folder of train that is called test", files: ["train/a.png", "train/test/b.png"], recursive: true,
      expected: .pairs, arrangement: .sideBySide, a: ["train/a.png", "train/test/b.png"]),
    Case(
      name: "only sub-folders", files: ["x/a.png", "y/b.png"], needs: .pairs, recursive: true, expected: .pairs,
      arrangement: .sideBySide, a: ["x/a.png", "y/b.png"]),
    Case(
      name: "not recursive", files: ["train/a.png", "train/sub/b.png"], expected: .pairs, arrangement: .sideBySide,
      a: ["train/a.png"]),
    Case(
      name: "A and B, extensions in two cases", files: ["A/2.png", "A/10.png", "B/2.PNG", "B/10.png"],
      expected: .pairs,
      arrangement: .pairedFolders, a: ["A/2.png", "A/10.png"], b: ["B/2.PNG", "B/10.png"]),
    Case(
      name: "A/train and B/train", files: ["A/train/1.png", "B/train/1.png", "A/val/2.png", "B/val/2.png", "A/x.png"],
      expected: .pairs, arrangement: .pairedFolders, a: ["A/train/1.png"], b: ["B/train/1.png"],
      heldOut: ["A/val/2.png", "B/val/2.png"]),
    Case(
      name: "A with held-out sub-folders", files: ["A/1.png", "B/1.png", "A/test/2.png", "B/test/2.png"],
      recursive: true,
      expected: .pairs, arrangement: .pairedFolders, a: ["A/1.png"], b: ["B/1.png"],
      heldOut: ["A/test/2.png", "B/test/2.png"]),
    Case(
      name: "trainA and trainB as pairs", files: ["trainA/s/1.png", "trainB/s/1.png", "valA/2.png", "valB/2.png"],
      recursive: true, expected: .pairs, arrangement: .pairedFolders, a: ["trainA/s/1.png"], b: ["trainB/s/1.png"],
      heldOut: ["valA/2.png", "valB/2.png"]),
    Case(
      name: "unpaired", files: ["trainA/h1.png", "trainA/h2.png", "trainB/z1.png", "testA/h9.png", "testB/z9.png"],
      expected: .twoSets, arrangement: .unpairedFolders, a: ["trainA/h1.png", "trainA/h2.png"], b: ["trainB/z1.png"],
      heldOut: ["testA/h9.png", "testB/z9.png"]),
    Case(
      name: "pairs used without pairing", files: ["A/1.png", "B/1.png"], needs: .twoSets, expected: .twoSets,
      arrangement: .unpairedFolders, a: ["A/1.png"], b: ["B/1.png"]),
  ]

  @Test(arguments: layouts) func recognises(_ layout: Case) throws {
    let folder = try TemporaryFolder()
    for file in layout.files {
      if file.lowercased().hasSuffix("png") { try folder.image(file) } else { try folder.write(file) }
    }
    let data = try DataFolder(folder.path, needs: layout.needs, recursive: layout.recursive)
    func names(_ files: [DataFile]) -> [String] { files.map { String($0.path.dropFirst(folder.path.count + 1)) } }
    #expect(data.problems == [])
    #expect(data.holds == layout.expected)
    #expect(data.training.arrangement == layout.arrangement)
    #expect(names(data.training.filesA) == layout.a)
    #expect(names(data.training.filesB) == layout.b)
    #expect(names((data.heldOut?.filesA ?? []) + (data.heldOut?.filesB ?? [])) == layout.heldOut)
    try data.requireSound(for: ImagePreparation())
  }

  @Test func saysWhatItRecognised() throws {
    let folder = try TemporaryFolder()
    for index in 0..<3 { try folder.image("train/\(index).png") }
    try folder.image("val/0.png")
    let data = try DataFolder(folder.path)
    let root = folder.path
    #expect(data.summary == "side-by-side pairs in \(root)/train: 3 images, 8×4; held out: 1 in \(root)/val")
    let half = try #require(data.training.size(data.training.filesA[0]))
    #expect(half == (4, 4))
  }

  @Test func refusesWhatItDoesNotRecognise() throws {
    func problem(_ files: [String], _ needs: DataNeeds? = nil) throws -> String {
      let folder = try TemporaryFolder()
      for file in files { try folder.image(file) }
      do {
        _ = try DataFolder(folder.path, needs: needs)
        return "none"
      } catch let error as FileError {
        return "\(error)".replacingOccurrences(of: folder.path, with: "DATA")
      }
    }
    #expect(try problem([]).hasPrefix("DATA: is empty; expected side-by-side"))
    #expect(try problem(["x/a.png"]).hasPrefix("DATA: holds no training images"))
    #expect(try problem(["train/a.png"], .twoSets).hasPrefix("DATA: holds no two sets"))
    #expect(try problem(["trainA/a.png"]).hasPrefix("DATA/trainB: is missing, but DATA/trainA is there"))
    #expect(try problem(["B/a.png"], .twoSets).hasPrefix("DATA/A: is missing"))
    #expect(try problem(["A/a.png", "B/a.png", "valA/a.png"]).hasPrefix("DATA/valB: is missing"))
    #expect(throws: FileError.self) { try DataFolder("/nowhere/at/all") }
    let folder = try TemporaryFolder()
    try folder.image("a.png")
    #expect(throws: FileError.self) { try DataFolder(folder("a.png")) }
  }

  @Test func namesEveryProblem() throws {
    let folder = try TemporaryFolder()
    try folder.image("A/good.png")
    try folder.image("B/good.png")
    try folder.image("A/alone.png")
    try folder.image("B/other.png")
    try folder.image("A/sizes.png", width: 9)
    try folder.image("B/sizes.png", width: 10)
    try folder.write("A/text.png")
    try folder.image("B/text.png")
    try folder.image("A/cut.png")
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder("A/cut.png")))
    try folder.write("B/cut.png", whole.prefix(20))
    try folder.image("A/huge.png", width: 200, height: 100)
    try folder.image("B/huge.png", width: 200, height: 100)
    try folder.write("A/photo.JPG")
    try folder.image("A/twice.png")
    try folder.image("A/twice.PNG")
    try folder.image("B/twice.png")
    try folder.write("B/notes.txt")
    let data = try DataFolder(folder.path, needs: .pairs, limit: ImageLimit(pixels: 1000))
    let found = data.problems.map { "\($0)".replacingOccurrences(of: folder.path + "/", with: "") }
    for expected in [
      "A/alone.png: has no partner: ", "B/other.png: has no partner: ", "A/text.png: is no PNG", "B/cut.png: ",
      "A/sizes.png: is 9×4, but its partner ", "A/huge.png: ", "B/huge.png: ", "A/photo.JPG: is no PNG file; convert",
      "A/twice.p", "A/twice.",
    ] {
      #expect(found.contains { $0.lowercased().hasPrefix(expected.lowercased()) }, "\(expected) in \(found)")
    }
    #expect(found.count == 9, "\(found)")
    #expect(data.training.ignored == 1)
    let error = #expect(throws: FileError.self) { try data.requireSound(for: ImagePreparation()) }
    #expect(error?.problem.hasPrefix("has 9 problems: ") == true)
    #expect(error?.problem.hasSuffix("; and 6 more") == true)
  }

  @Test func namesProblemsOfSideBySideFiles() throws {
    let folder = try TemporaryFolder()
    try folder.image("train/odd.png", width: 9)
    try folder.makeFolder("val")
    let data = try DataFolder(folder.path)
    #expect(data.problems.map(\.path) == [folder("train/odd.png"), folder("val")])
    #expect(data.problems[0].problem.contains("odd width of 9"))
    #expect(data.problems[1].problem.contains("holds no PNG file"))
  }

  @Test(.enabled(if: geteuid() != 0)) func namesAnUnreadableFolder() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("train")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: folder("train"))
    let data = try DataFolder(folder.path)
    #expect(data.problems.first?.path == folder("train"))
    #expect(data.problems.first?.problem == "cannot be read")
  }

  @Test func aCircleOfLinksEnds() throws {
    let folder = try TemporaryFolder()
    try folder.image("a.png")
    try FileManager.default.createSymbolicLink(atPath: folder("loop"), withDestinationPath: folder.path)
    try FileManager.default.createSymbolicLink(atPath: folder("gone.png"), withDestinationPath: "/nowhere")
    let listing = try FolderListing(folder.path, recursive: true)
    #expect(listing.files.map(\.stem) == ["a", "gone"])
    let data = try DataFolder(folder.path, recursive: true)
    #expect(data.problems.map(\.path) == [folder("gone.png")])
  }

  @Test func namesWhatThePreparationCannotDo() throws {
    let folder = try TemporaryFolder()
    try folder.image("1.png", width: 40, height: 30)
    try folder.image("2.png", width: 44, height: 10)
    let data = try DataFolder(folder.path)
    func paths(_ preparation: ImagePreparation, batch: Int = 1) -> [String] {
      data.problems(for: preparation, batchSize: batch).map { String(($0.path ?? "").suffix(5)) }
    }
    #expect(paths(ImagePreparation(), batch: 4) == [])
    #expect(paths(ImagePreparation(mode: .crop, cropSize: 16)) == ["2.png"])
    #expect(paths(ImagePreparation(mode: .crop, cropSize: 10), batch: 4) == [])
    #expect(paths(ImagePreparation(loadSize: 20, cropSize: 30)) == ["1.png", "2.png"])
    #expect(paths(ImagePreparation(mode: .none)) == [])
    #expect(paths(ImagePreparation(mode: .none), batch: 2) == ["2.png"])
    let error = #expect(throws: FileError.self) {
      try data.requireSound(for: ImagePreparation(mode: .crop, cropSize: 16))
    }
    #expect(error?.path == folder("2.png"))
    #expect(error?.problem == "is 22×10, but the crop is 16×16")
  }

  @Test func checkCountsAndIsRead() throws {
    let folder = try TemporaryFolder()
    try folder.image("trainA/1.png", width: 8)
    try folder.image("trainA/2.png", width: 6)
    try folder.image("trainA/3.png", width: 6, channels: 1)
    try folder.image("trainB/x.png")
    try folder.write("trainB/readme.md")
    let check = try DataCheck(DataFolder(folder.path))
    #expect(check.objective == .unpaired)
    #expect(check.training.sides[0].sizes.map { [$0.width, $0.height, $0.count] } == [[6, 4, 2], [8, 4, 1]])
    #expect(check.training.sides[0].grey == 1 && check.training.sides[0].colour == 2)
    #expect(check.training.ignored == 1)
    let decoded = try JSONDecoder().decode(DataCheck.self, from: check.json())
    #expect(decoded == check)
    let text = check.text.replacingOccurrences(of: folder.path, with: "DATA")
    #expect(
      text == """
        two sets without pairs: DATA/trainA with 3 images, 6–8 wide, 4 high; DATA/trainB with 1 image, 8×4
        training A: 3 images in DATA/trainA
          sizes: 6×4 (2), 8×4 (1)
          kinds: 2 colour, 1 grey
        training B: 1 image in DATA/trainB
          sizes: 8×4 (1)
          kinds: 1 colour
          passed over: 1 other file
        no problems found

        """)
  }
}
