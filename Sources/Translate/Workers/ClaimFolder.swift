import Dispatch
import Files
import Foundation
import Synchronization

/// Where workers on one output folder say what they are at: `OUT/.translate-claims`, nothing but names that are there or not.
///
///     worker-TOKEN   a worker, touched by it as long as it lives
///     job            what all of them are at: a FINGERPRINT is in it
///     K.G            piece K is claimed, the G-th time: TOKEN is in it
///     K.done         piece K is done
///     end.G          somebody removes the folder
///
/// Names are only ever added, by calls that succeed for one of all that try, so nothing depends on what was true a moment
/// ago: who takes over piece K from a worker that is dead makes K.G+1, and of two that do so one succeeds. The folder goes as a
/// whole, moved away first; workers that still hold it cannot reach the next one.
///
/// A worker is dead where its file is gone; where nobody has locked it, as seen from the same running system; or where it was
/// last touched longer ago than the timeout. That is reckoned from a file touched now in the same folder, so that clocks of
/// machines need not agree.
final class ClaimFolder: Sendable {
  /// The name of the folder in the output folder.
  static let name = ".translate-claims"
  private static let endedName = name + "-ended-"
  private static let workerName = "worker-"
  private static let jobName = "job"
  /// What claims the removal of the folder, in place of a piece's number.
  private static let end = "end"

  /// What names say of a piece.
  enum State: Equatable {
    case free
    /// How often it has been claimed.
    case claimed(Int)
    case done
  }

  /// All names at one moment.
  struct Contents {
    fileprivate var workers: [String] = []
    fileprivate var pieces: [String: State] = [:]
    fileprivate var count = 0

    /// What is known of piece `number`.
    func state(of number: Int) -> State { pieces["\(number)"] ?? .free }

    fileprivate init(_ names: [String]) {
      count = names.count
      for name in names {
        if name.hasPrefix(ClaimFolder.workerName) {
          workers.append(name)
        } else if let dot = name.lastIndex(of: ".") {
          let (piece, ending) = (String(name[..<dot]), name[name.index(after: dot)...])
          if ending == "done" {
            pieces[piece] = .done
          } else if let generation = Int(ending), generation >= 0, generation < .max, pieces[piece] != .done {
            var claims = generation + 1
            if case .claimed(let known)? = pieces[piece] { claims = max(claims, known) }
            pieces[piece] = .claimed(claims)
          }
        }
      }
    }
  }

  private let folder: FolderHandle
  private let worker: String
  private let file: OpenFile
  private let timeout: Double
  private let beating: Mutex<(any DispatchSourceTimer)?>
  /// Who has made a claim: that never changes.
  private let owners = Mutex<[String: String]>([:])

  // MARK: - Coming and going

  /// Joins the workers on `output`, or is the first of them.
  ///
  /// Where all that were there are dead, what they have left is removed first.
  ///
  /// - Parameters:
  ///   - fingerprint: of the pictures and of all that their translations depend on
  ///   - timeout: seconds after which a worker without a sign of life is dead
  ///   - shouldStop: asked while it waits for the folder of an earlier job to be removed
  /// - Returns: nil where it was asked to stop
  /// - Throws: `FileError` where the folder cannot be made, or living workers are at something else
  static func join(
    _ output: String, fingerprint: UInt64, timeout: Double, shouldStop: () -> Bool = { false }
  ) throws -> ClaimFolder? {
    let path = (output as NSString).appendingPathComponent(name)
    let job = hexadecimal(fingerprint)
    removeEnded(in: output)
    while !shouldStop() {
      try OutputFolder.make(path)
      guard let folder = try FolderHandle(path), let claims = try ClaimFolder(folder, timeout) else { continue }
      switch try claims.settle(job) {
      case .joined: return claims
      case .retry: claims.leave()
      case .other:
        claims.leave()
        throw FileError(
          path: output, problem: "other workers translate other pictures into it, or with other settings",
          advice: "give all the same input and settings, or wait until those are through")
      }
      Thread.sleep(forTimeInterval: .random(in: 0.02...0.1))
    }
    return nil
  }

  /// nil: the folder has been removed meanwhile.
  private init?(_ folder: FolderHandle, _ timeout: Double) throws {
    (self.folder, self.timeout) = (folder, timeout)
    worker = Self.workerName + Self.hexadecimal(.random(in: .min ... .max))
    guard try folder.create(worker) == .made, let file = folder.file(worker, forWriting: true) else { return nil }
    // The name of the system only where the lock holds, and after it: others on the system go by it.
    if file.lock() { file.write(MachineSession.name + "\n") }
    self.file = file
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "sign of life", qos: .userInteractive))
    timer.schedule(deadline: .now(), repeating: timeout / 6)
    timer.setEventHandler { file.touch() }
    timer.resume()
    beating = Mutex(timer)
  }

  deinit { stopBeating() }

  private func stopBeating() {
    beating.withLock { timer in
      timer?.cancel()
      timer = nil
    }
  }

  private static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// What has come of joining.
  private enum Settlement { case joined, retry, other }

  private func settle(_ job: String) throws -> Settlement {
    let contents = try contents()
    // Whoever removes the folder looks for workers after saying so, and this worker was there before it looks.
    if isBeingEnded(contents) { return .retry }
    if contents.count > 1, !hasOthers(contents) {
      try removeAsLast()
      return .retry
    }
    switch try folder.create(Self.jobName, holding: job) {
    case .made: return .joined
    case .gone: return .retry
    case .taken:
      // Shorter: another worker is about to write it, or was killed then.
      let there = folder.file(Self.jobName)?.text() ?? ""
      return there == job ? .joined : there.utf8.count < job.utf8.count ? .retry : .other
    }
  }

  /// Takes back all that it holds and is not done, and says nothing any more.
  func leave() {
    stopBeating()
    folder.remove(worker)
  }

  /// Leaves for good before all is done: the last of all removes the folder, since what it says of pieces counts for no later
  /// job.
  func close() {
    if let contents = try? contents(), !hasOthers(contents) { try? removeAsLast() }
    leave()
  }

  /// Removes the folder, where no other worker is there and no one else does. Claims that dead workers have left
  /// must not outlive them: they would count for the next job.
  private func removeAsLast() throws {
    let claims = claims(of: Self.end, in: try contents())
    guard try folder.create("\(Self.end).\(claims)", holding: worker) == .made else { return }
    // Others that came since have not seen the claim.
    guard try !hasOthers(contents()) else { return folder.remove("\(Self.end).\(claims)") }
    moveAway()
  }

  /// Removes the folder, all of its pieces being done: one of all workers that call this does. Those that come meanwhile wait.
  func removeWhenDone() throws {
    let contents = try contents()
    if !isBeingEnded(contents) {
      let claims = claims(of: Self.end, in: contents)
      if try folder.create("\(Self.end).\(claims)", holding: worker) == .made { moveAway() }
    }
    leave()
  }

  private func moveAway() { folder.moveAway(to: Self.endedName + worker.dropFirst(Self.workerName.count)) }

  /// Removes what workers have left that were killed while they removed a folder.
  private static func removeEnded(in output: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: output)) ?? [] where name.hasPrefix(endedName) {
      try? FileManager.default.removeItem(atPath: (output as NSString).appendingPathComponent(name))
    }
  }

  // MARK: - Claims

  /// All names as they are now.
  func contents() throws -> Contents { Contents(try folder.names()) }

  /// Claims piece `number`, which has been claimed `claims` times.
  ///
  /// - Returns: false where another worker was first, or the job has ended
  /// - Throws: `FileError` where the system refuses
  func claim(_ number: Int, after claims: Int = 0) throws -> Bool {
    try folder.create("\(number).\(claims)", holding: worker) == .made
  }

  /// Says that a piece which it has claimed is done.
  ///
  /// - Throws: `FileError` where the system refuses
  func finish(_ number: Int) throws { _ = try folder.create("\(number).done") }

  /// Those of `pieces` whose last claim is a dead worker's; `claims` is how often each has been claimed.
  func abandoned(_ pieces: [(number: Int, claims: Int)]) -> [(number: Int, claims: Int)] {
    var known: [String: Bool] = [:]
    return pieces.filter { !isHeld("\($0.number).\($0.claims - 1)", &known) }
  }

  /// Whether all of it has been removed: every piece is done.
  var hasEnded: Bool { !folder.isInPlace }

  private func claims(of piece: String, in contents: Contents) -> Int {
    if case .claimed(let claims)? = contents.pieces[piece] { claims } else { 0 }
  }

  private func isBeingEnded(_ contents: Contents) -> Bool {
    let claims = claims(of: Self.end, in: contents)
    var known: [String: Bool] = [:]
    return claims > 0 && isHeld("\(Self.end).\(claims - 1)", &known)
  }

  /// Whether a living worker holds the claim `name`; `known` is what has been found out of workers on the way.
  private func isHeld(_ name: String, _ known: inout [String: Bool]) -> Bool {
    if let owner = owners.withLock({ $0[name] }) { return isAlive(owner, &known) }
    guard let claim = folder.file(name) else { return folder.contains(name) }
    let owner = claim.text()
    // Killed, or not yet through, between making the file and writing to it.
    guard owner.hasPrefix(Self.workerName), owner.utf8.count == worker.utf8.count else { return isRecent(claim) }
    owners.withLock { $0[name] = owner }
    return isAlive(owner, &known)
  }

  private func hasOthers(_ contents: Contents) -> Bool {
    var known: [String: Bool] = [:]
    return contents.workers.contains { $0 != worker && isAlive($0, &known) }
  }

  private func isAlive(_ name: String, _ known: inout [String: Bool]) -> Bool {
    if name == worker { return true }
    if let known = known[name] { return known }
    let isAlive = isAlive(name)
    known[name] = isAlive
    return isAlive
  }

  private func isAlive(_ name: String) -> Bool {
    // Another user's may not be open for writing, which some disks ask of those that lock.
    guard let file = folder.file(name, forWriting: true) ?? folder.file(name) else { return folder.contains(name) }
    // Only tried by those that share a system with its holder; the lock goes with the descriptor.
    if file.text() == MachineSession.name + "\n", file.lock() { return false }
    return isRecent(file)
  }

  /// Whether a file was touched within the timeout.
  private func isRecent(_ other: OpenFile) -> Bool {
    file.touch()
    guard let now = file.changed, let then = other.changed else { return true }
    return now - then <= timeout
  }
}
