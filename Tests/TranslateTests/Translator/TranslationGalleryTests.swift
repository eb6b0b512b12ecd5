import Files
import Foundation
import TestSupport
import Testing
@testable import Translate

/// The page of inputs and translations, over pictures that a translation could have made.
struct TranslationGalleryTests {
  private func page(_ gallery: TranslationGallery, failures: [FileError] = []) throws -> String {
    try gallery.write(model: "runs/<m>", failures: failures)
    return try String(contentsOfFile: gallery.path, encoding: .utf8)
  }

  @Test func inputsAndTranslationsStandSideBySide() throws {
    let folder = try TemporaryFolder()
    for name in ["a\"<b> 1", "10", "9", "sub/x"] {
      try folder.image("in/\(name).png", width: 16, height: 8)
      if name != "10" { try folder.image("out/\(name).png", width: 16, height: 8) }
    }
    var translation = FolderTranslation(folder("in"), to: folder("out"))
    translation.recursive = true
    let gallery = try TranslationGallery(translation)
    #expect(gallery.path == folder("out/index.html"))
    let page = try page(gallery, failures: [FileError(path: "in/10.png", problem: "is <damaged>")])
    #expect(page.contains("3 of 4 pictures, input and output, by <code>runs/&lt;m&gt;</code>"))
    #expect(page.contains("1 failed") && page.contains("<li>in/10.png: is &lt;damaged&gt;</li>"))
    let pictures = page.matches(of: /<img src="([^"]*)"/).map { String($0.1) }
    #expect(
      pictures == [
        "../in/9.png", "9.png", "../in/a%22%3Cb%3E%201.png", "a%22%3Cb%3E%201.png", "../in/sub/x.png", "sub/x.png",
      ])
    #expect(page.matches(of: /loading="lazy"/).count == 6)
    #expect(page.contains("--cell:256px") && page.contains("class=\"enlarged\"") && page.contains("16 × 8"))
    #expect(!page.contains("<b> 1") && !page.contains("//") && !page.contains("<script"))
    for name in pictures {
      let path = folder("out/") + (name.removingPercentEncoding ?? "")
      #expect(FileManager.default.fileExists(atPath: path), "\(path)")
    }
  }

  @Test func halvesAndJoinedPictures() throws {
    let folder = try TemporaryFolder()
    try folder.image("in/a.png", width: 32, height: 8)
    try folder.image("out/a.png", width: 16, height: 8)
    var translation = FolderTranslation(folder("in"), to: folder("out"))
    translation.half = .right
    let half = try page(TranslationGallery(translation))
    #expect(
      half.contains(
        "../in/a.png\" alt=\"\" loading=\"lazy\" decoding=\"async\" style=\"aspect-ratio:16/8;object-position:right\""))
    #expect(half.matches(of: /object-position/).count == 1)
    translation.sideBySide = true
    #expect(try page(TranslationGallery(translation)).matches(of: /<img\s/).count == 1)
    translation.shard = Shard("2/3")
    #expect(try TranslationGallery(translation).path == folder("out/index-2-of-3.html"))
  }

  /// A browser loads what it shows; the page itself stays small beside the pictures.
  @Test func thousandsAreNoMatter() throws {
    let folder = try TemporaryFolder()
    let count = 2000
    try folder.image("in/0.png")
    try folder.makeFolder("out")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder("in/0.png")))
    for index in 0..<count {
      for side in ["in", "out"] { try bytes.write(to: URL(fileURLWithPath: folder("\(side)/\(index).png"))) }
    }
    let page = try page(TranslationGallery(FolderTranslation(folder("in"), to: folder("out"))))
    #expect(page.matches(of: /<figure\s/).count == count && page.utf8.count < 600 * count)
    #expect(page.contains("content-visibility: auto"))
  }

  @Test func nothingElseIsWrittenOver() throws {
    let folder = try TemporaryFolder()
    try folder.image("in/a.png")
    try folder.write("out/index.html", Data("<!DOCTYPE html><html>my own page</html>".utf8))
    #expect(
      throws: FileError(
        path: folder("out/index.html"), problem: "is no page of this program, and would be written over",
        advice: "choose another name for the page, or move it away")
    ) { try TranslationGallery(FolderTranslation(folder("in"), to: folder("out"))) }
  }
}
