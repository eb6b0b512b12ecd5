import Testing
import Translate

@Suite struct ShardTests {
  @Test(arguments: [(0, 1), (1, 0), (0, 0), (2, 1), (-1, 3), (1, -1), (Int.min, Int.min), (Int.max, 1)])
  func partsThatAreNone(index: Int, count: Int) {
    #expect(Shard(index: index, count: count) == nil)
    #expect(Shard("\(index)/\(count)") == nil)
  }

  @Test(arguments: ["", "/", "1", "1/", "/1", "1/2/3", "a/b", "1/99999999999999999999", " 1/2", "1/2 "])
  func textsThatNameNone(text: String) {
    #expect(Shard(text) == nil)
  }

  @Test func parts() {
    #expect(Shard("3/16") == Shard(index: 3, count: 16))
    #expect(Shard(index: 1, count: 1)?.description == "1/1")
    #expect(Shard(index: .max, count: .max)?.index == .max)
  }
}
