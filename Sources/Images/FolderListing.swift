import Files
import Foundation

/// The PNG files of one folder, by name only: nothing is opened.
package struct FolderListing: Sendable, Equatable {
  /// One PNG file.
  package struct Entry: Sendable, Equatable {
    /// The path to open.
    package var path: String
    /// The path below the listed folder, without the extension: what pairs files and names outputs.
    package var stem: String
  }

  /// The folder, as it was named.
  package var folder: String
  /// The PNG files in natural order of their paths.
  package var files: [Entry] = []
  /// Pictures of other formats, which were probably meant to be used: no PNG of the same name lies beside them.
  package var foreignImages: [String] = []
  /// How many other files were passed over.
  package var ignored = 0
  /// Sub-folders that could not be read, with the reason.
  package var unreadable: [FileError] = []

  /// Lists the `.png` files (any case) of `folder`; dot files are skipped, sub-folders entered where `recursive` asks.
  ///
  /// Links are followed; a folder that a link leads to a second time is not entered again.
  ///
  /// - Parameter excluding: names of direct sub-folders that are left out (a held-out part, say).
  /// - Throws: `FileError` where `folder` itself is missing, no folder, or unreadable.
  package init(_ folder: String, recursive: Bool = false, excluding: Set<String> = []) throws {
    self.folder = folder
    var visited: Set<FileIdentity> = []
    if let identity = FileIdentity(folder) { visited.insert(identity) }
    var pending = [""]
    while let relative = pending.popLast() {
      let here = relative.isEmpty ? folder : Self.join(folder, relative)
      let names: [String]
      do {
        names = try Self.names(in: here)
      } catch {
        if relative.isEmpty { throw error }
        unreadable.append(error)
        continue
      }
      for name in names.sorted() where !name.hasPrefix(".") {
        let below = relative.isEmpty ? name : relative + "/" + name
        let path = Self.join(folder, below)
        if Self.isFolder(path) {
          guard recursive, !(relative.isEmpty && excluding.contains(name)) else { continue }
          if let identity = FileIdentity(path), visited.insert(identity).inserted { pending.append(below) }
        } else {
          add(path: path, below: below)
        }
      }
    }
    let stems = Set(files.map(\.stem))
    let converted = foreignImages.filter { stems.contains(Self.stem($0, in: folder)) }
    ignored += converted.count
    if !converted.isEmpty { foreignImages.removeAll { stems.contains(Self.stem($0, in: folder)) } }
    files = NaturalOrder.sorted(files) { $0.path }
    foreignImages = NaturalOrder.sorted(foreignImages) { $0 }
    unreadable = NaturalOrder.sorted(unreadable) { $0.path ?? "" }
  }

  /// The path below `folder` of a picture in it, without the extension.
  private static func stem(_ path: String, in folder: String) -> String {
    let below = path.dropFirst(join(folder, "x").count - 1)
    return (String(below) as NSString).deletingPathExtension
  }

  private mutating func add(path: String, below: String) {
    let ending = (below as NSString).pathExtension.lowercased()
    if ending == "png" {
      files.append(Entry(path: path, stem: String(below.dropLast(4))))
    } else if Self.foreignEndings.contains(ending) {
      foreignImages.append(path)
    } else {
      ignored += 1
    }
  }

  private static let foreignEndings: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "bmp", "tif", "tiff", "gif", "webp", "ppm", "pgm", "heic", "avif", "jp2",
  ]

  /// The names in `folder`.
  ///
  /// - Throws: `FileError` where it is missing, no folder, or unreadable.
  package static func names(in folder: String) throws(FileError) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw FileError(path: folder, problem: "does not exist", advice: "name a folder of PNG files")
    }
    guard isFolder.boolValue else {
      throw FileError(path: folder, problem: "is a file, but a folder was expected", advice: "name its folder")
    }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw FileError(path: folder, problem: "cannot be read", advice: "check the permissions of the folder")
    }
  }

  /// Whether `path` is a folder, or a link to one.
  package static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// `folder/name` without a doubled separator.
  package static func join(_ folder: String, _ name: String) -> String {
    name.isEmpty ? folder : folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}
