import Testing
@testable import Files

@Suite struct NaturalOrderTests {
  @Test func ordersAsPeopleNumber() {
    let expected = [
      "a/2", "a/10", "a-1", "img1", "img01", "img2", "img02b", "img10", "img10a", "img11",
      "img99999999999999999999999", "img100000000000000000000000", "imgx", "z",
    ]
    // The two spellings of 1 are told apart by their bytes.
    let sorted = NaturalOrder.sorted(expected.reversed()) { $0 }
    #expect(sorted.filter { $0 != "img01" && $0 != "img1" } == expected.filter { $0 != "img01" && $0 != "img1" })
    #expect(sorted.firstIndex(of: "img01") == 3 && sorted.firstIndex(of: "img1") == 4)
  }

  @Test func isTotal() {
    let names = ["", "0", "00", "a", "A", "a0", "a00", "a/", "a/b", "ä", "1a", "01a"]
    for a in names {
      #expect(!NaturalOrder.precedes(a, a))
      for b in names where a != b { #expect(NaturalOrder.precedes(a, b) != NaturalOrder.precedes(b, a), "\(a) \(b)") }
    }
  }
}
