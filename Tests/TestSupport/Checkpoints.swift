import Foundation
import Weights

/// Where files of weights of every kind lie.
package let checkpoints = fixtures.appendingPathComponent("checkpoints")

/// The bytes of every tensor, by name.
package func contents(_ file: WeightsFile) throws -> [String: [UInt8]] {
  var contents: [String: [UInt8]] = [:]
  for tensor in file.tensors { contents[tensor.name] = try file.withBytes(of: tensor.name) { Array($0) } }
  return contents
}
