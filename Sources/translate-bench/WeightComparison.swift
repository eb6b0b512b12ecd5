import Files
import Foundation

/// How far the checkpoints of two runs are apart: ‖a − b‖ / ‖b‖ of each network and of its moments, and of all; for scripts that
/// compare ways to train. Moments may be a hundred times as far apart.
///
/// - Parameter words: two files, and the largest distance that passes
/// - Returns: the exit status: 0 where they are near, 1 where they are not, 2 for anything else
func compareWeights(_ words: [String]) throws -> Int32 {
  guard words.count == 3, let tolerance = Double(words[2]) else {
    FileHandle.standardError.write(Data("usage: translate-bench weights A.safetensors B.safetensors TOLERANCE\n".utf8))
    return 2
  }
  let (a, b) = (try SafetensorsFile(path: words[0]), try SafetensorsFile(path: words[1]))
  guard Set(a.tensors.map(\.name)) == Set(b.tensors.map(\.name)) else {
    print("they hold different tensors")
    return 1
  }
  var distances: [String: (difference: Double, norm: Double)] = [:]
  for tensor in b.tensors {
    guard let theirs = try? b.floats(tensor.name) else { continue }
    let ours = try a.floats(tensor.name)
    let parts = tensor.name.split(separator: ".")
    let key = parts.prefix(parts.first == "adam" ? 3 : 1).joined(separator: ".")
    for (x, y) in zip(ours, theirs) {
      distances[key, default: (0, 0)].difference += Double(x - y) * Double(x - y)
      distances[key, default: (0, 0)].norm += Double(y) * Double(y)
    }
  }
  // Moments tell of single gradients, which jump where rounding decides the sign of a difference that L1 looks at.
  let momentsTolerance = 100 * tolerance
  var isNear = true
  for (name, distance) in distances.sorted(by: { $0.key < $1.key }) {
    let relative = (distance.difference / max(distance.norm, .leastNormalMagnitude)).squareRoot()
    let most = name.hasPrefix("adam.") ? momentsTolerance : tolerance
    isNear = isNear && relative <= most
    print("\(name): \(String(format: "%.2g", relative)) of at most \(String(format: "%.2g", most))")
  }
  return isNear ? 0 : 1
}
