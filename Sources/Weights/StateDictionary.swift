import Files

/// The tensors of one dictionary in a pickle, by name and in order.
struct StateDictionary {
  /// The names and views, in the order of the dictionary.
  private(set) var tensors: [(name: String, view: StorageView)] = []

  /// Nesting that is looked through for state dicts.
  private static let depthLimit = 16
  /// Bytes of the name of a state dict; a long one before many short ones would be copied for each.
  private static let nameLimit = 256

  /// What BasicSR calls the weights and their moving average, the better one to apply; the latter first.
  private static let averaged = ["params_ema", "params"]

  /// Chooses the state dict in `objects`: the one at `part` (dotted keys), the only one there is, or of weights and their
  /// moving average the latter.
  ///
  /// - Throws: `PickleProblem` where there is none, or several and no `part`.
  init(_ objects: PickleObjects, part: String?) throws {
    guard case .dictionary(let root) = objects.root else {
      throw PickleProblem(
        problem: "holds no dictionary of tensors", advice: "save model.state_dict() in PyTorch and use that file")
    }
    let candidates = Self.candidates(objects, root: root)
    let chosen: Int
    if let part {
      guard let match = candidates.first(where: { $0.name == part }) else {
        throw PickleProblem(problem: "holds no state dict named \(FileError.quote(part))\(Self.list(candidates))")
      }
      chosen = match.index
    } else if let average = candidates.first(where: { $0.name == Self.averaged[0] }),
      candidates.allSatisfy({ Self.averaged.contains($0.name) })
    {
      chosen = average.index
    } else {
      guard let first = candidates.first else {
        throw PickleProblem(
          problem: "holds no tensors by name", advice: "save model.state_dict() in PyTorch and use that file")
      }
      guard candidates.count == 1 else {
        throw PickleProblem(
          problem: "holds several state dicts\(Self.list(candidates))",
          advice: "say which one is meant, such as \(setting: "part", FileError.quote(first.name))")
      }
      chosen = first.index
    }
    var names: Set<String> = []
    for case (.string(let name), .tensor(let index)) in objects.dictionaries[chosen] {
      guard names.insert(name).inserted else {
        throw PickleProblem(problem: "holds two tensors named \(FileError.quote(name))")
      }
      tensors.append((name, objects.tensors[index]))
    }
  }

  /// The names of all state dicts in `objects`, keys joined by dots; of the outermost one, the empty name.
  package static func names(_ objects: PickleObjects) -> [String] {
    guard case .dictionary(let root) = objects.root else { return [] }
    return candidates(objects, root: root).map(\.name)
  }

  private typealias Candidate = (name: String, index: Int)

  /// `: 'a', 'b'`
  private static func list(_ candidates: [Candidate]) -> String {
    let shown = candidates.prefix(8).map { FileError.quote($0.name) } + (candidates.count > 8 ? ["…"] : [])
    return shown.isEmpty ? "" : ": " + shown.joined(separator: ", ")
  }

  /// The dictionaries that hold tensors by name, outermost first, reached through names alone: an optimiser's state
  /// is numbered.
  private static func candidates(_ objects: PickleObjects, root: Int) -> [Candidate] {
    var found: [Candidate] = []
    var visited: Set<Int> = [root]
    var level: [Candidate] = [("", root)]
    for _ in 0..<depthLimit where !level.isEmpty {
      var next: [Candidate] = []
      for (path, index) in level {
        var holdsTensors = false
        for case (.string(let key), let value) in objects.dictionaries[index] {
          switch value {
          case .tensor: holdsTensors = true
          case .dictionary(let inner)
          where path.utf8.count + key.utf8.count < nameLimit && visited.insert(inner).inserted:
            next.append((path.isEmpty ? key : path + "." + key, inner))
          default: break
          }
        }
        if holdsTensors { found.append((path, index)) }
      }
      level = next
    }
    return found
  }
}
