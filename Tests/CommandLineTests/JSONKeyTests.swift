import Foundation
import Testing
@testable import DemoData

/// What `--json` prints has keys of one style, as config.json: small letters with underscores.
struct JSONKeyTests {
  /// Objects whose keys are names that somebody else gives.
  private static let named: Set<String> = ["losses", "metadata"]

  private func keys(_ value: Any) -> [String] {
    if let list = value as? [Any] { return list.flatMap(keys) }
    guard let object = value as? [String: Any] else { return [] }
    return object.flatMap { [$0.key] + (Self.named.contains($0.key) ? [] : keys($0.value)) }
  }

  @Test func allAreInSnakeCase() throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 2, size: 32)
    let small = [
      "--generator", "unet_32", "--ngf", "4", "--ndf", "4", "--load-size", "32", "--crop-size", "32", "--steps",
    ]
    var seen: Set<String> = []
    for words in [
      ["train", "paired", "data", "--out", "run"] + small + ["1"], ["resume", "run", "--steps", "2"],
      ["check", "data"], ["inspect", "run"], ["inspect", "run/generator.safetensors"],
      ["apply", "run", "data/val", "--half", "left", "--out", "out"],
      ["evaluate", "out", "data/val", "--half", "right"], ["precision", "run", "data/val", "--half", "left"],
    ] {
      let outcome = try BuiltProgram.run(words + ["--json"], in: folder.url)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let found = try keys(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)))
      #expect(!found.isEmpty)
      for key in found { #expect(key.wholeMatch(of: /[a-z0-9]+(_[a-z0-9]+)*/) != nil, "\(words[0]): \(key)") }
      seen.formUnion(found)
    }
    let words = [
      "last_step", "held_out", "with_alpha", "sixteen_bit", "mean_absolute_error", "without_reference", "left_out",
      "crop_size", "size_multiple",
      "seconds_per_image",
    ]
    for key in words { #expect(seen.contains(key), "\(key)") }
  }
}
