import Foundation

/// What is wrong with something that came from outside: one sentence for a person.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file or folder, as the user named it; nil for bytes in memory.
  public var path: String?
  /// What is wrong, and what was expected instead.
  public var problem: String
  /// What to do about it, where something can be said; the settings that it speaks of are in it by their names.
  public var advice: Phrase?
  /// The system's number (`errno`) for refusing to write; nil: something else is wrong.
  public var writeCode: Int32?

  /// An error about `path`: `problem` without a full stop at its end, `advice` likewise.
  public init(path: String?, problem: String, advice: Phrase? = nil) {
    self.path = path
    self.problem = problem
    self.advice = advice
  }

  /// The system's refusal to write to `path`, with `errno` as its `code`.
  package static func unwritable(_ path: String, _ problem: String = "cannot be written", code: Int32) -> FileError {
    let advice: Phrase =
      switch code {
      case ENOSPC: "free some space"
      case EDQUOT: "free some space, or have the quota raised"
      case EFBIG: "raise the limit on the size of files (ulimit -f)"
      case EROFS: "choose a folder on a disk that may be written to"
      case EIO: "check the disk"
      case ENAMETOOLONG: "choose a shorter name"
      default: "check the folder and its permissions"
      }
    var error = FileError(path: path, problem: "\(problem): \(String(cString: strerror(code)))", advice: advice)
    error.writeCode = code
    return error
  }

  /// There is no thread for work that would block others.
  package static let noThread = FileError(
    path: nil, problem: "a thread to compute on cannot be started",
    advice: "raise the limit on threads (ulimit -u), or give the program more memory")

  /// Whether the place refuses to be written to, and not this one name in it: the disk is full or read-only, a quota is
  /// used up, permission is missing. Whatever is written next would fail as well.
  public var isOfOutput: Bool {
    guard let writeCode else { return false }
    return ![ENAMETOOLONG, EISDIR, ENOTDIR, EEXIST, ENOTEMPTY, ELOOP, EILSEQ, EINVAL].contains(writeCode)
  }

  /// `PATH: problem; advice` with the names of settings as plain words.
  public var description: String { sentence { $0.description } }

  /// `PATH: problem; advice`, where a setting is called what `name` makes of its name.
  public func text(callingSettings name: (String) -> String) -> String {
    sentence { $0.text(callingSettings: name) }
  }

  private func sentence(_ words: (Phrase) -> String) -> String {
    (path.map { $0 + ": " } ?? "") + problem + (advice.map { "; " + words($0) } ?? "")
  }

  /// Lets nothing pass but a number within `range`: `0 threads cannot be; give 1 to 1024`.
  ///
  /// - Parameter what: what it counts
  package static func require(_ value: Int, in range: ClosedRange<Int>, _ what: String) throws(FileError) {
    guard !range.contains(value) else { return }
    throw FileError(
      path: nil, problem: "\(value) \(what) cannot be", advice: "give \(range.lowerBound) to \(range.upperBound)")
  }

  /// `text` from a file in single quotes, fit for a terminal: control characters replaced, long texts cut.
  package static func quote(_ text: String) -> String {
    let limit = 120
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      guard shown.count < limit else {
        shown.append("…")
        break
      }
      let category = scalar.properties.generalCategory
      let isInvisible = [.control, .format, .lineSeparator, .paragraphSeparator].contains(category)
      shown.append(isInvisible ? "\u{FFFD}" : scalar)
    }
    return "'" + String(shown) + "'"
  }
}
