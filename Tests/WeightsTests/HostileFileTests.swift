import TestSupport
import Foundation
import Testing
@testable import Files
@testable import Images
@testable import Training
@testable import Weights

/// Files that are broken or malicious in one way each, and what is said about them.
@Suite struct HostileFileTests {
  typealias Case = (bytes: [UInt8], problem: String)
  private static let good = Opcodes.pickle(Opcodes.dictionary(("weight", Opcodes.tensor())))
  private static let floats: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]

  @Test func readsGoodHandmadeFiles() throws {
    for bytes in [
      handmadePTH(Self.good),
      handmadeZip([HandmadeEntry("a/data.pkl", Self.good), HandmadeEntry("a/data/0", Self.floats)]) {
        zip64End($0, $1, $2)
      },
      // Sizes in the zip64 extra field.
      handmadeZip([
        HandmadeEntry("a/data.pkl", Self.good),
        HandmadeEntry("a/data/0", Self.floats) {
          $0.size = .max
          $0.extra = [9, 9, 1, 0, 7, 1, 0, 16, 0] + littleEndian(8 as UInt64) + littleEndian(8 as UInt64)
        },
      ]),
      handmadeLegacy(
        Opcodes.dictionary(("weight", Opcodes.tensor())), storages: littleEndian(2 as Int64) + Self.floats),
      // As Python 2 wrote an OrderedDict, with the attributes that nn.Module adds, a parameter, memo and frames.
      handmadePTH(
        [0x80, 4, 0x95] + littleEndian(9 as UInt64)
          + Opcodes.string("collections") + Opcodes.string("OrderedDict") + [0x93, 0x94] + Array("(](](".utf8)
          + [0x8C, 6] + Array("weight".utf8)
          + Opcodes.global("torch._utils._rebuild_parameter") + Array("(".utf8) + Opcodes.tensor() + [0x88]
          + Array("NtR".utf8) + Array("eetR}".utf8) + Opcodes.string("_metadata")
          + Array("h".utf8) + [0] + Array(")Rsb.".utf8)),
    ] {
      let file = try WeightsFile(ByteSource(bytes: bytes))
      #expect(file.tensors.map(\.name) == ["weight"])
      #expect(try file.floats("weight") == [1, 2])
    }
  }

  static let zips: [Case] = {
    func edited(_ edit: (inout HandmadeEntry) -> Void) -> [UInt8] {
      handmadeZip([HandmadeEntry("a/data.pkl", good), HandmadeEntry("a/data/0", floats, edit)])
    }
    func ended(_ end: @escaping (Int, Int, Int) -> [UInt8]) -> [UInt8] {
      handmadeZip([HandmadeEntry("a/data.pkl", good), HandmadeEntry("a/data/0", floats)], end: end)
    }
    return [
      ([0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18), "is an empty or split zip archive"),
      (Array(handmadePTH(good).dropLast()), "is a zip archive whose end is missing"),
      (handmadePTH(good) + [0], "is a zip archive whose end is missing"),
      (
        ended { zipEnd($0, $1, $2 + 1) }, "its zip directory has 2 entries, but says 3"
      ),
      (ended { zipEnd($0 + 1, $1, $2) }, "its zip directory does not lie where its end record says"),
      (ended { zipEnd($0, $1 - 1, $2) }, "its zip directory does not lie where its end record says"),
      (ended { zipEnd(0, $0 + $1, $2) }, "its zip directory is damaged at entry 1"),
      (ended { zipEnd($0, $1, $2, disk: 1) }, "is one part of a split zip archive"),
      (ended { zip64End($0, $1, $2, locator: .max) }, "its zip64 end record is damaged"),
      (ended { zip64End($0, $1, $2, locator: 0) }, "its zip64 end record is damaged"),
      (
        ended { zip64End($0, 1, $2).replacingLocator(offset: $0, size: $1) },
        "its zip directory does not lie where its end record says"
      ),
      (edited { $0.method = 8 }, "zip entry 'a/data/0' is compressed (method 8); torch.save stores its entries"),
      (edited { $0.flags = 1 }, "zip entry 'a/data/0' is encrypted; only plain entries are read"),
      (edited { $0.flags = 0x40 }, "zip entry 'a/data/0' is encrypted; only plain entries are read"),
      (edited { $0.disk = 1 }, "zip entry 'a/data/0' lies on another part of a split archive"),
      (edited { $0.packedSize = 7 }, "zip entry 'a/data/0' is stored with 7 bytes, expected 8"),
      (edited { $0.size = 1 << 31 }, "zip entry 'a/data/0' says it has 2147483648 bytes, more than the file holds"),
      (edited { $0.size = .max }, "its zip directory is damaged at entry 2"),
      (edited { $0.localName = "a/data/1" }, "zip entry 'a/data/0' and its local header do not agree"),
      (edited { $0.offset = 1 }, "zip entry 'a/data/0' and its local header do not agree"),
      (edited { $0.offset = .max - 1 }, "zip entry 'a/data/0' and its local header do not agree"),
      (
        edited {
          $0.name = "a/data.pkl"; $0.offset = 0
        }, "zip entry 'a/data.pkl' occurs twice"
      ),
      (edited { $0.checksum = 1 }, "tensor 'weight' is damaged: the checksum differs"),
      (
        handmadeZip([
          HandmadeEntry("a/data.pkl", good) { $0.size = UInt32(good.count + 20) }, HandmadeEntry("a/data/0", floats),
        ]), "zip entries 'a/data.pkl' and 'a/data/0' overlap"
      ),
      (handmadeZip([HandmadeEntry("a/readme", [])]), "is a zip archive, but none of torch.save"),
      (handmadePTH(good, [HandmadeEntry("b/data.pkl", good)]), "is a zip archive, but none of torch.save"),
      (handmadePTH(good, [HandmadeEntry("a/constants.pkl", [])]), "is a TorchScript archive"),
      (
        handmadePTH(
          good, [HandmadeEntry("a/code/__torch__.py", [0]) { ($0.method, $0.size, $0.packedSize) = (8, 9, 1) }]),
        "is a TorchScript archive"
      ),
      (handmadePTH(good, [HandmadeEntry("a/byteorder", Array("big".utf8))]), "was written on a big-endian computer"),
      (handmadeZip([HandmadeEntry("a/data.pkl", good)]), "has no storage '0' for tensor 'weight'"),
      (
        handmadeZip([HandmadeEntry("a/data.pkl", good), HandmadeEntry("a/data/0", [0])]),
        "storage '0' has 1 bytes, expected 8"
      ),
      (
        handmadePTH(good, [HandmadeEntry("a/translate/metadata.json", Array("{\"a\":1}".utf8))]),
        "its metadata is wrong at byte 5: '\"' was expected"
      ),
    ]
  }()

  static let pickles: [Case] = {
    func value(_ value: [UInt8]) -> [UInt8] { handmadePTH(Opcodes.pickle(value)) }
    func tensor(_ tensor: [UInt8]) -> [UInt8] { value(Opcodes.dictionary(("weight", tensor))) }
    func call(_ name: String) -> [UInt8] { tensor(Opcodes.global(name) + Opcodes.tuple(Opcodes.string("x")) + [0x52]) }
    let damaged = "its pickle is damaged"
    let fit = "does not fit its storage '0' of 2 elements"
    return [
      (call("os.system"), "its pickle asks to call 'os.system', which no state dict needs; nothing in it was executed"),
      (
        call("builtins.eval"),
        "its pickle asks to call 'builtins.eval', which no state dict needs; nothing in it was executed"
      ),
      (
        call("torch.load"), "its pickle names 'torch.load', which no state dict of these networks needs"
      ),
      (
        call("torch.IntStorage"), "its pickle names 'torch.IntStorage', which no state dict of these networks needs"
      ),
      (
        call("torch._utils._rebuild_tensor_v2.x"),
        "its pickle names 'torch._utils._rebuild_tensor_v2.x', which no state dict of these networks needs"
      ),
      (
        call("torch.nn.modules.container.Sequential"),
        "is a whole pickled model (it names 'torch.nn.modules.container.Sequential'), not its weights"
      ),
      (
        call("networks.UnetGenerator"),
        "is a whole pickled model or other objects (it names the class 'networks.UnetGenerator'), not just weights"
      ),
      (
        tensor(Opcodes.global("collections.OrderedDict") + [0x29, 0x81]), "is a whole pickled model or other objects"
      ),
      (tensor(Array("(i".utf8)), "is a whole pickled model or other objects"),
      (tensor([0x82, 1]), "its pickle uses opcode 0x82, which no state dict needs"),
      (tensor(Array("P0\n".utf8)), "its pickle uses opcode 0x50, which no state dict needs"),
      (value(Array("NNb".utf8)), "sets attributes of something that is no dictionary"),
      (handmadePTH([0x80, 9]), "has pickle protocol 9, expected 2 to 5"),
      (handmadePTH([]), damaged), (handmadePTH([0x80]), damaged), (handmadePTH(Opcodes.start), damaged),
      (value([]), damaged), (value([0x85]), damaged), (value([0x74]), damaged), (value([0x75]), damaged),
      (value([0x73]), damaged), (value([0x52]), damaged), (value([0x51]), damaged), (value([0x61]), damaged),
      (value([0x65]), damaged), (value([0x68, 0]), damaged), (value([0x71, 0]), damaged), (value([0x93]), damaged),
      (value([0x8A, 200]), damaged), (value([0x8C, 200]), damaged), (value([0x58, 255, 255, 255, 255]), damaged),
      (value([0x8D] + littleEndian(UInt64.max)), damaged), (value([0x8C, 1, 0xFF]), damaged),
      (value(Array("cos".utf8)), damaged),
      (value(Array("N(0t".utf8)), "its pickle uses opcode 0x30, which no state dict needs"),
      // What lies below a mark is not for those above it.
      (value(Array("NN(R".utf8)), damaged), (value(Array("}(NNs".utf8)), damaged), (value(Array("}(Nu".utf8)), damaged),
      (value(Opcodes.global("torch.FloatStorage") + [0x29, 0x52]), damaged),
      (value(Opcodes.global("torch._utils._rebuild_tensor_v2") + [0x29, 0x52]), damaged),
      (value(Opcodes.global("torch._utils._rebuild_parameter") + [0x29, 0x52]), damaged),
      (value(Opcodes.tuple(Opcodes.string("storage")) + [0x51]), damaged),
      (
        value([UInt8](repeating: 0x4E, count: 70_000)), damaged  // Too high a stack.
      ),
      (value([UInt8](repeating: 0x28, count: 70_000)), damaged),
      (
        value((0..<1_000_000).flatMap { _ in [0x29, 0x85] as [UInt8] }),
        damaged  // A tuple in a tuple in a tuple …: the stack runs full; nothing recurses.
      ),
      (
        value(Array(")".utf8) + [UInt8](repeating: 0x85, count: 1_000_001)),
        "its pickle has more than 1000000 steps, far more than a network needs"
      ),
      (value(Array(")".utf8) + [UInt8](repeating: 0x85, count: 900_000)), "holds no dictionary of tensors"),
      (value([0x4E]), "holds no dictionary of tensors"),
      (value(Opcodes.dictionary(("epoch", [0x4B, 3]))), "holds no tensors by name"),
      // An optimiser's state is numbered, and no network.
      (
        value(
          Opcodes.dictionary(("state", [0x7D, 0x4B, 0] + Opcodes.dictionary(("exp_avg", Opcodes.tensor())) + [0x73]))),
        "holds no tensors by name"
      ),
      // A dictionary in itself.
      (value([0x7D, 0x71, 0] + Opcodes.string("a") + [0x68, 0, 0x73]), "holds no tensors by name"),
      (
        value(
          Opcodes.dictionary(
            ("G", Opcodes.dictionary(("w", Opcodes.tensor()))),
            ("nets", Opcodes.dictionary(("D", Opcodes.dictionary(("w", Opcodes.tensor()))))))),
        "holds several state dicts: 'G', 'nets.D'"
      ),
      (
        value(Opcodes.dictionary(("w", Opcodes.tensor()), ("w", Opcodes.tensor()))), "holds two tensors named 'w'"
      ),
      (tensor(Opcodes.tensor(offset: 1)), "a tensor of shape [2], strides [1] and offset 1 " + fit),
      (tensor(Opcodes.tensor(offset: -1)), "a tensor of shape [2], strides [1] and offset -1 " + fit),
      (tensor(Opcodes.tensor(offset: .max)), "a tensor of shape [2], strides [1] and offset \(Int.max) " + fit),
      (tensor(Opcodes.tensor(shape: [3])), "a tensor of shape [3], strides [1] and offset 0 " + fit),
      (tensor(Opcodes.tensor(shape: [-1])), "a tensor of shape [-1], strides [1] and offset 0 " + fit),
      (tensor(Opcodes.tensor(strides: [2])), "a tensor of shape [2], strides [2] and offset 0 " + fit),
      (tensor(Opcodes.tensor(strides: [-1])), "a tensor of shape [2], strides [-1] and offset 0 " + fit),
      (tensor(Opcodes.tensor(strides: [.max])), "a tensor of shape [2], strides [\(Int.max)] and offset 0 " + fit),
      (tensor(Opcodes.tensor(strides: [])), "a tensor of shape [2], strides [] and offset 0 " + fit),
      // Broadcast: a small storage that claims a large tensor.
      (
        tensor(Opcodes.tensor(shape: [1 << 40], strides: [0])),
        "a tensor of shape [1099511627776], strides [0] and offset 0 " + fit
      ),
      (
        tensor(Opcodes.tensor(shape: [1 << 32, 1 << 32], strides: [0, 0])),
        "a tensor of shape [4294967296, 4294967296], strides [0, 0] and offset 0 " + fit
      ),
      (tensor(Opcodes.tensor(Opcodes.storage(count: -1))), "storage '0' has an impossible size of -1"),
      (tensor(Opcodes.tensor(Opcodes.storage(count: .max))), "storage '0' has an impossible size of \(Int.max)"),
      (
        tensor(Opcodes.tensor(Opcodes.storage(count: 1 << 40))), "storage '0' has 8 bytes, expected 4398046511104"
      ),
      (tensor(Opcodes.tensor(Opcodes.storage("DoubleStorage", count: 2))), "storage '0' has 8 bytes, expected 16"),
      (tensor(Opcodes.tensor(Opcodes.storage("BFloat16Storage", count: 2))), "storage '0' has 8 bytes, expected 4"),
      (tensor(Opcodes.tensor(Opcodes.storage("BFloat16Storage", count: 5))), "storage '0' has 8 bytes, expected 10"),
      (
        tensor(Opcodes.tensor(Opcodes.storage("BFloat16Storage", count: 4), offset: 3)),
        "a tensor of shape [2], strides [1] and offset 3 does not fit its storage '0' of 4 elements"
      ),
      (
        tensor(Opcodes.tensor(Opcodes.storage(key: "../../x", count: 2))),
        "has no storage '../../x' for tensor 'weight'"
      ),
    ]
  }()

  static let others: [Case] = {
    let object = Opcodes.dictionary(("weight", Opcodes.tensor()))
    let storages = littleEndian(2 as Int64) + floats
    var tar = [UInt8](repeating: 0, count: 512)
    tar.replaceSubrange(257..<262, with: "ustar".utf8)
    return [
      ([], "is empty"),
      (tar, "is a tar archive, as PyTorch before 0.1.10 wrote"),
      (Array("\u{89}PNG".utf8), "is neither a .safetensors nor a .pth file"),
      (Opcodes.pickle([0x4E]), "is a pickle, but none of torch.save"),
      (handmadeLegacy(magic: [1, 2], object, storages: storages), "is a pickle, but none of torch.save"),
      (
        handmadeLegacy(version: 1000, object, storages: storages), "is of an unknown version of PyTorch's old form"
      ),
      (handmadeLegacy(isLittleEndian: false, object, storages: storages), "was written on a big-endian computer"),
      (handmadeLegacy(object, keys: ["1"], storages: storages), "has a storage '1' that no tensor uses"),
      (handmadeLegacy(object, keys: [], storages: []), "has no storage '0' for tensor 'weight'"),
      (handmadeLegacy(object, storages: []), "ends before storage '0'"),
      (
        handmadeLegacy(object, storages: littleEndian(3 as Int64) + floats), "storage '0' has 3 elements, expected 2"
      ),
      (
        handmadeLegacy(
          Opcodes.dictionary(("weight", Opcodes.tensor(Opcodes.storage("BFloat16Storage", count: 2)))),
          storages: littleEndian(2 as Int64) + floats.prefix(3)), "ends inside storage '0' of 4 bytes"
      ),
      (handmadeLegacy(object, storages: storages.dropLast()), "ends inside storage '0' of 8 bytes"),
      (handmadeLegacy(object, storages: storages + [0]), "goes on for 1 bytes after its last storage"),
      (handmadeLegacy(object, keys: ["0", "0"], storages: storages + storages), "has storage '0' twice"),
    ]
  }()

  /// `count` tensors that view the same storage of two floats.
  private static func sharing(_ count: Int) -> [UInt8] {
    let members = (0..<count).flatMap { Opcodes.string("w\($0)") + Opcodes.tensor() }
    return Array("}(".utf8) + members + Array("u".utf8)
  }

  /// Few bytes must not become many: not in memory, not on the disk.
  @Test func tensorsMaySharePartsOfAFileButNotMultiplyIt() throws {
    func forms(_ object: [UInt8]) -> [[UInt8]] {
      [
        handmadePTH(Opcodes.pickle(object)),
        handmadeLegacy(object, storages: littleEndian(2 as Int64) + Self.floats),
      ]
    }
    for bytes in forms(Self.sharing(4)) {
      let file = try WeightsFile(ByteSource(bytes: bytes))
      for tensor in file.tensors { #expect(try file.floats(tensor.name) == [1, 2]) }
    }
    for bytes in forms(Self.sharing(5)) + forms(Self.sharing(20_000)) {
      let error = #expect(throws: FileError.self) {
        _ = try WeightsFile(ByteSource(bytes: bytes, path: "net.pth"))
      }
      #expect(
        error?.description
          == "net.pth: its tensors share storages of 8 bytes and would come to more than 4 times as many; save a clone() "
          + "of each in PyTorch and use that file")
    }
  }

  /// Views of parts, in and out of row-major order, against the plain numbers.
  @Test func readsPartsOfAStorage() throws {
    let numbers = (0..<12).map { Float($0) }
    let bytes = numbers.withUnsafeBytes { [UInt8]($0) }
    let storage = Opcodes.storage(count: 12)
    func file(_ edit: (inout HandmadeEntry) -> Void = { _ in }) throws -> WeightsFile {
      let object = Opcodes.dictionary(
        ("middle", Opcodes.tensor(storage, offset: 4, shape: [2, 2], strides: [2, 1])),
        ("turned", Opcodes.tensor(storage, offset: 1, shape: [2, 3], strides: [1, 3])),
        ("none", Opcodes.tensor(storage, offset: 12, shape: [0], strides: [1])))
      return try WeightsFile(
        ByteSource(
          bytes: handmadeZip([
            HandmadeEntry("a/data.pkl", Opcodes.pickle(object)), HandmadeEntry("a/data/0", bytes, edit),
          ])))
    }
    let good = try file()
    #expect(try good.floats("middle") == [4, 5, 6, 7])
    #expect(try good.floats("turned") == [1, 4, 7, 2, 5, 8])
    #expect(try good.floats("none") == [])
    let damaged = try file { $0.checksum = 1 }
    for name in ["middle", "turned"] {
      let error = #expect(throws: FileError.self) { _ = try damaged.floats(name) }
      #expect(error?.problem == "tensor '\(name)' is damaged: the checksum differs")
    }
  }

  /// A large storage is read once for all the small tensors in it, and not once for each.
  @Test(.timeLimit(.minutes(1))) func smallPartsOfALargeStorageAreReadFast() throws {
    let (count, elements) = (20_000, 1 << 21)
    let storage = Opcodes.storage(count: elements)
    let members = (0..<count).flatMap { Opcodes.string("w\($0)") + Opcodes.tensor(storage, offset: $0) }
    let pickle = Opcodes.pickle(Array("}(".utf8) + members + Array("u".utf8))
    let bytes = handmadeZip([
      HandmadeEntry("a/data.pkl", pickle), HandmadeEntry("a/data/0", [UInt8](repeating: 0, count: 4 * elements)),
    ])
    let file = try WeightsFile(ByteSource(bytes: bytes))
    #expect(try file.tensors.allSatisfy { try file.floats($0.name) == [0, 0] } && file.tensors.count == count)
  }

  /// A long name before many short ones would be copied for each of them.
  @Test func longNamesOfDictionariesAreNotLookedThrough() throws {
    let inner = Opcodes.dictionary(("G", Opcodes.dictionary(("w", Opcodes.tensor()))))
    for (length, parts) in [(200, [String(repeating: "k", count: 200) + ".G"]), (300, [])] {
      let object = Opcodes.dictionary((String(repeating: "k", count: length), inner))
      let folder = try TemporaryFolder()
      try folder.write("net.pth", Data(handmadePTH(Opcodes.pickle(object))))
      #expect(try WeightsFile.parts(of: folder("net.pth")) == parts)
    }
  }

  /// Each would be read on its own.
  @Test func manyNetworksInAFileAreRefused() throws {
    let folder = try TemporaryFolder()
    for count in [64, 65] {
      let members = (0..<count).flatMap {
        Opcodes.string("n\($0)") + Opcodes.dictionary(("w", Opcodes.tensor()))
      }
      try folder.write("net.pth", Data(handmadePTH(Opcodes.pickle(Array("}(".utf8) + members + Array("u".utf8)))))
      if count == 64 {
        #expect(try ModelInspection(folder("net.pth")).networks.count == 64)
      } else {
        let error = #expect(throws: FileError.self) { _ = try ModelInspection(folder("net.pth")) }
        #expect(error?.problem == "holds more than 64 networks")
      }
    }
  }

  @Test(arguments: zips.indices) func refusesZip(_ index: Int) { check(Self.zips[index]) }
  @Test(arguments: pickles.indices) func refusesPickle(_ index: Int) { check(Self.pickles[index]) }
  @Test(arguments: others.indices) func refusesOther(_ index: Int) { check(Self.others[index]) }

  private func check(_ file: Case) {
    let error = #expect(throws: FileError.self) {
      let weights = try WeightsFile(ByteSource(bytes: file.bytes, path: "net.pth"))
      for tensor in weights.tensors { _ = try weights.floats(tensor.name) }
    }
    #expect(error?.problem == file.problem)
    #expect(error?.path == "net.pth")
  }
}

extension [UInt8] {
  /// Points the locator of `zip64End` to the record after a directory of `size` bytes at `offset`.
  fileprivate func replacingLocator(offset: Int, size: Int) -> [UInt8] {
    Array(self[..<64]) + littleEndian(UInt64(offset + size)) + Array(self[72...])
  }
}
