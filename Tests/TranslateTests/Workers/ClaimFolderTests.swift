import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Translate

@Suite struct ClaimFolderTests {
  private func claims(_ folder: TemporaryFolder) -> String { folder(ClaimFolder.name) }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: claims(folder)).sorted()
  }

  private func join(
    _ folder: TemporaryFolder, _ fingerprint: UInt64 = 1, timeout: Double = 60
  ) throws -> ClaimFolder {
    try #require(try ClaimFolder.join(folder.path, fingerprint: fingerprint, timeout: timeout))
  }

  /// Leaves what a worker leaves that was killed: nothing of it goes on.
  private func leaveDead(_ folder: TemporaryFolder, named name: String = "worker-00000000000000aa", age: Double) throws
  {
    try FileManager.default.createDirectory(atPath: claims(folder), withIntermediateDirectories: true)
    let path = claims(folder) + "/" + name
    // Another machine's, whose locks cannot be seen.
    try Data("another system\n".utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
  }

  @Test func aPieceIsClaimedOnce() throws {
    let folder = try TemporaryFolder()
    let (one, other) = (try join(folder), try join(folder))
    #expect(try one.claim(7))
    #expect(try !other.claim(7) && !one.claim(7))
    #expect(try other.claim(8))
    #expect(try other.contents().state(of: 7) == .claimed(1) && other.contents().state(of: 9) == .free)
    #expect(other.abandoned([(7, 1), (8, 1)]).isEmpty)
    try one.finish(7)
    #expect(try other.contents().state(of: 7) == .done)
  }

  /// Of many that take over a piece at the same time one does.
  @Test func whatADeadWorkerHeldIsTakenOverOnce() throws {
    let folder = try TemporaryFolder()
    let workers = try (0..<6).map { _ in try join(folder) }
    try leaveDead(folder, age: 61)
    try Data("worker-00000000000000aa".utf8).write(to: URL(fileURLWithPath: claims(folder) + "/3.0"))
    #expect(try workers[0].contents().state(of: 3) == .claimed(1))
    #expect(workers.allSatisfy { !$0.abandoned([(3, 1)]).isEmpty })
    #expect(try workers.filter { try $0.claim(3, after: 1) }.count == 1)
    #expect(try workers[1].contents().state(of: 3) == .claimed(2))
    #expect(workers[2].abandoned([(3, 2)]).isEmpty)
    withExtendedLifetime(workers) {}
  }

  @Test func aSignOfLifeKeepsAClaim() throws {
    let folder = try TemporaryFolder()
    let one = try join(folder)
    try leaveDead(folder, age: 30)
    try Data("worker-00000000000000aa".utf8).write(to: URL(fileURLWithPath: claims(folder) + "/3.0"))
    #expect(one.abandoned([(3, 1)]).isEmpty)
    // A worker that has gone in good order.
    try FileManager.default.removeItem(atPath: claims(folder) + "/worker-00000000000000aa")
    #expect(one.abandoned([(3, 1)]).count == 1)
  }

  /// A clock an hour ahead or behind here says nothing of files that the disk dates.
  @Test func ownClockDoesNotCount() throws {
    let folder = try TemporaryFolder()
    let (one, other) = (try join(folder, timeout: 2), try join(folder, timeout: 2))
    #expect(try one.claim(1))
    // Beats keep it alive for longer than the timeout.
    Thread.sleep(forTimeInterval: 3)
    #expect(other.abandoned([(1, 1)]).isEmpty)
    withExtendedLifetime(one) {}
  }

  @Test func aLockToldBySystemIsSeenAtOnce() throws {
    let folder = try TemporaryFolder()
    let one = try join(folder)
    try leaveDead(folder, age: 0)
    try Data((MachineSession.name + "\n").utf8).write(
      to: URL(fileURLWithPath: claims(folder) + "/worker-00000000000000aa"))
    try Data("worker-00000000000000aa".utf8).write(to: URL(fileURLWithPath: claims(folder) + "/3.0"))
    #expect(one.abandoned([(3, 1)]).count == 1)
  }

  /// Killed between making a claim and writing to it.
  @Test func anEmptyClaimGetsOld() throws {
    let folder = try TemporaryFolder()
    let one = try join(folder)
    let path = claims(folder) + "/3.0"
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(one.abandoned([(3, 1)]).isEmpty)
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -61)], ofItemAtPath: path)
    #expect(one.abandoned([(3, 1)]).count == 1)
  }

  @Test func otherPicturesAreRefused() throws {
    let folder = try TemporaryFolder()
    let one = try join(folder)
    let error = #expect(throws: FileError.self) { try ClaimFolder.join(folder.path, fingerprint: 2, timeout: 60) }
    #expect(error?.problem == "other workers translate other pictures into it, or with other settings")
    #expect(try names(folder).count == 2)
    // Once it has gone, or is dead, what it has left is removed.
    #expect(try one.claim(0))
    one.leave()
    let two = try join(folder, 2)
    #expect(try two.contents().state(of: 0) == .free)
  }

  /// All killed, at whatever moment: also while one of them removed the folder.
  @Test(arguments: [
    [], ["job"], ["job", "0.0", "0.done", "1.0"], ["job", "0.done", "end.0"], ["end.0", "end.1", "end.2"],
  ])
  func whatDeadWorkersLeaveCountsNoMore(left: [String]) throws {
    let folder = try TemporaryFolder()
    try leaveDead(folder, age: 61)
    for name in left {
      try Data("worker-00000000000000aa".utf8).write(to: URL(fileURLWithPath: claims(folder) + "/" + name))
    }
    try folder.makeFolder(ClaimFolder.name + "-ended-00000000000000bb")
    try folder.write(ClaimFolder.name + "-ended-00000000000000bb/4.0")
    let one = try join(folder)
    #expect(try one.contents().state(of: 0) == .free && one.claim(0))
    try one.finish(0)
    try one.removeWhenDone()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  /// Whoever holds a folder that was removed does nothing to the next.
  @Test func aNextJobIsOutOfReach() throws {
    let folder = try TemporaryFolder()
    let (late, one) = (try join(folder), try join(folder))
    #expect(try one.claim(0))
    try one.finish(0)
    try one.removeWhenDone()
    #expect(late.hasEnded)
    let next = try join(folder, 5)
    #expect(try !late.claim(1))
    try late.removeWhenDone()
    late.leave()
    #expect(try next.claim(1))
    #expect(try names(folder).contains("1.0") && !next.hasEnded)
  }

  @Test func piecesBecomeSmaller() {
    for count in [0, 1, 2, 511, 1000, 100_000, 1_000_003] {
      let borders = ClaimedItems.borders(count)
      #expect(borders.first == 0 && borders.last == count)
      let sizes = zip(borders, borders.dropFirst()).map { $1 - $0 }
      #expect(sizes.allSatisfy { $0 >= 1 } && sizes == sizes.sorted(by: >), "\(count)")
      if count > 0 { #expect(sizes.last == 1) }
    }
    #expect(ClaimedItems.borders(1_000_000).count < 20_000)
    #expect(ClaimedItems.borders(100_000_000).count < 30_000)
  }
}
