import Files
import Foundation

/// A page in one file, which opens from the disk and asks nothing of a network: frame, style, and who has written it.
package struct Page {
  /// The window's title.
  package var title: String
  /// What stands in `header`, `main`: HTML.
  package var header: String
  package var main: String
  /// A sentence at the end: plain text.
  package var footer: String
  /// Style rules beyond those that all pages have.
  package var style = ""
  /// What adds to the page where scripts are allowed; it says the same without.
  package var script = ""
  /// Names and contents of `meta` elements, for whoever reads the page again.
  package var facts: [(name: String, content: String)] = []

  /// The mark of a page that may be replaced.
  private static let mark = "<meta name=\"generator\" content=\"translate-cli\">"

  package init(title: String, header: String, main: String, footer: String) {
    (self.title, self.header, self.main, self.footer) = (title, header, main, footer)
  }

  /// The whole page.
  package var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    \(Self.mark)
    \(facts.map { "<meta name=\"\($0.name.htmlEscaped)\" content=\"\($0.content.htmlEscaped)\">\n" }.joined())\
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(title.htmlEscaped)</title>
    <link rel="icon" href="data:,">
    <style>
    \(PageStyle.css)
    \(style)
    </style>
    </head>
    <body>
    <header>\(header)</header>
    <main>
    \(main)
    </main>
    <footer>\(footer.htmlEscaped)</footer>
    \(script.isEmpty ? "" : "<script>\n\(script)\n</script>\n")\
    </body>
    </html>

    """
  }

  /// Writes the page atomically.
  ///
  /// - Throws: `FileError` where it cannot be written
  package func write(to path: String) throws { try AtomicFile.write(Data(html.utf8), to: path) }

  /// Refuses a place where something else than a page of this program lies.
  ///
  /// - Throws: `FileError` naming `path`
  package static func requireReplaceable(_ path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    let advice: Phrase = "choose another name for the page, or move it away"
    guard !isFolder.boolValue else {
      throw FileError(path: path, problem: "is a folder, but the page would go there", advice: advice)
    }
    guard !beginning(of: path).contains(mark) else { return }
    throw FileError(path: path, problem: "is no page of this program, and would be written over", advice: advice)
  }

  /// What an earlier page says in the `meta` element called `name`, where it is a whole number.
  package static func number(_ name: String, in path: String) -> Int? {
    let text = beginning(of: path)
    guard let found = text.range(of: "<meta name=\"\(name)\" content=\"") else { return nil }
    return Int(text[found.upperBound...].prefix { $0 != "\"" }.prefix(20))
  }

  private static func beginning(of path: String) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
    defer { try? handle.close() }
    return String(decoding: (try? handle.read(upToCount: 1024)) ?? Data(), as: UTF8.self)
  }
}
