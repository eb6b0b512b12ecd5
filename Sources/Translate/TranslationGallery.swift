import Files
import Foundation
import Images
import Pages

/// A page that shows inputs and translations side by side: `OUT/index.html`.
///
/// It holds no pictures but links to them where they lie, and a browser loads those that come into view: thousands are no
/// more work for it than a few.
package struct TranslationGallery: Sendable {
  private let translation: FolderTranslation
  private let items: [FolderTranslation.Item]
  /// Where the page goes.
  package let path: String

  /// Failures that are named; more are only counted.
  private static let namedFailures = 200
  /// The width in pixels that small pictures are enlarged to, at most, by a whole factor.
  private static let cell = 256

  /// The gallery of what `translation` is about to do.
  ///
  /// - Throws: `FileError` as `FolderTranslation.run`, and where something else lies in the page's place
  package init(_ translation: FolderTranslation) throws {
    self.translation = translation
    items = try translation.items()
    // The parts of a job write to one folder at the same time.
    let part = translation.shard.map { "-\($0.index)-of-\($0.count)" } ?? ""
    path = (translation.output as NSString).appendingPathComponent("index\(part).html")
    try Page.requireReplaceable(path)
  }

  /// Writes the page over all translations that are there.
  ///
  /// - Parameters:
  ///   - model: what the user has called the model
  ///   - failures: what could not be translated
  /// - Throws: `FileError` where it cannot be written
  package func write(model: String, failures: [FileError]) throws {
    let shown = items.compactMap { item in (try? PNG.header(item.target)).map { (item, $0) } }
    let width = shown.map { shownWidth($0.1) }.max() ?? Self.cell
    var page = Page(
      title: "\(title) – translations",
      header:
        "<h1>\(title.htmlEscaped)</h1><p>\(summary(shown.count).htmlEscaped), by <code>\(model.htmlEscaped)</code></p>",
      main: failed(failures) + pairs(shown.map { figure($0, $1) }, width),
      footer: "Written by translate-cli \(PackageVersion.current)")
    page.style = Self.style
    try page.write(to: path)
  }

  private var title: String { URL(fileURLWithPath: translation.output).standardizedFileURL.lastPathComponent }

  private func summary(_ count: Int) -> String {
    let pictures = count == 1 ? "1 picture" : "\(count) pictures"
    let missing = items.count - count
    return (missing > 0 ? "\(count) of \(items.count) pictures" : pictures) + ", input and output"
  }

  // MARK: Pictures

  /// Pairs in a grid, each picture `width` pixels wide where there is room.
  private func pairs(_ figures: [String], _ width: Int) -> String {
    """
    <div class='pairs' style='--cell:\(width)px'>
    \(figures.joined(separator: "\n"))
    </div>
    """
  }

  /// Pixels of the page for one picture, where there is room.
  private func shownWidth(_ header: PNGHeader) -> Int {
    let width = translation.sideBySide ? header.width / 2 : header.width
    return width > Self.cell ? Self.cell : width * (Self.cell / max(1, width))
  }

  private func figure(_ item: FolderTranslation.Item, _ header: PNGHeader) -> String {
    let pictures = translation.sideBySide ? [] : [picture(item.source, header, half: translation.half)]
    return "<figure class=\"card\"><div>" + (pictures + [picture(item.target, header, half: nil)]).joined()
      + "</div><figcaption>\(item.name.htmlEscaped)\(item.label.map { ", \($0)".htmlEscaped } ?? "") <span>\(header.width) × \(header.height)</span></figcaption></figure>"
  }

  /// A picture that is loaded when it comes into view; of side-by-side inputs the half that was translated.
  private func picture(_ path: String, _ header: PNGHeader, half: ImageHalf?) -> String {
    let url = PageLink.encoded(PageLink.relativePath(from: translation.output, to: path))
    let isSmall = header.width * 2 <= Self.cell
    let style = "aspect-ratio:\(header.width)/\(header.height)" + (half.map { ";object-position:\($0.rawValue)" } ?? "")
    return "<a href=\"\(url)\"><img src=\"\(url)\" alt=\"\" loading=\"lazy\" decoding=\"async\" style=\"\(style)\""
      + (isSmall ? " class=\"enlarged\"" : "") + "></a>"
  }

  // MARK: Failures

  private func failed(_ failures: [FileError]) -> String {
    guard !failures.isEmpty else { return "" }
    let lines = failures.prefix(Self.namedFailures).map { "<li>\($0.description.htmlEscaped)</li>" }
    let more = failures.count - lines.count
    return "<details open class=\"failures\"><summary>\(failures.count) failed</summary><ul>\(lines.joined())"
      + (more > 0 ? "<li>and \(more) more</li>" : "") + "</ul></details>\n"
  }

  private static let style = """
    .pairs { display: grid; gap: 1rem; justify-content: start; margin-top: 1.2rem;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, calc(2 * var(--cell) + 1.9rem)), max-content)); }
    .pairs figure { padding: .7rem; content-visibility: auto; contain-intrinsic-size: auto calc(var(--cell) + 3rem); }
    .pairs figure > div { display: flex; gap: .5rem; } .pairs a { flex: 1 1 var(--cell); max-width: calc(2 * var(--cell)); }
    .pairs img { width: 100%; object-fit: cover; border-radius: 4px; background: var(--rule); }
    .pairs figcaption { padding-top: .4rem; font-size: .85rem; overflow-wrap: anywhere; color: var(--ink); }
    .pairs figcaption span { color: var(--soft); margin-left: .4rem; white-space: nowrap; }
    .failures { border-left: 4px solid var(--warn); background: var(--warnback); border-radius: 6px; padding: .4rem .9rem; }
    .failures ul { margin: .3rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; } .failures summary { color: var(--warn); }
    """
}
