import Files
import Foundation
import Synchronization

/// The pictures that one worker of many translates: it claims pieces of the list, one behind the other, and then those that
/// dead workers have left.
///
/// Pieces are the same for all workers, since they follow from the length of the list alone. They become smaller towards its
/// end, down to single pictures, so that all workers are through at about the same time.
final class ClaimedItems: Sendable {
  /// Pieces that are as large as they become smaller: as many workers at least are through together.
  private static let evenness = 512
  /// The most pictures of a piece, so that little is claimed again where a worker dies…
  private static let largestPiece = 64
  /// …unless there were more of these pieces then: a million pictures make some 18,000 claims.
  private static let mostLargePieces = 1 << 14
  /// Pieces in a row that others have claimed, after which all names are read anew.
  private static let patience = 16

  /// Where pieces of a list of `count` pictures begin, and the end.
  static func borders(_ count: Int) -> [Int] {
    var borders = [0]
    let largest = max(largestPiece, count / mostLargePieces)
    while let last = borders.last, last < count {
      borders.append(last + min(largest, max(1, (count - last) / evenness)))
    }
    return borders
  }

  /// A piece of the list as far as it was missing when this worker came.
  private struct Piece {
    var number: Int
    var items: [FolderTranslation.Item]
  }

  private struct State {
    /// The first piece that has not been tried.
    var cursor = 0
    var contents: ClaimFolder.Contents
    /// Pieces that others had claimed, in a row.
    var refusals = 0
    /// What is left to draw of the piece at hand.
    var current: ArraySlice<FolderTranslation.Item> = []
    /// Claimed and not yet drawn from.
    var takenOver: ArraySlice<Int> = []
    /// Pictures of each claimed piece that are not finished, by the place of the piece.
    var open: [Int: Int] = [:]
    /// Pictures that were there when they were drawn: a worker that is dead has made them.
    var found = 0
    /// Pieces that this worker has claimed, by place.
    var own: Set<Int> = []
    /// Whether another worker has found all pieces done and removed what said so.
    var isOver = false
  }

  private let claims: ClaimFolder
  private let pieces: [Piece]
  private let state: Mutex<State>
  /// Told what ends everything: the output takes no claims.
  private let fail: @Sendable (any Error) -> Void

  /// - Parameters:
  ///   - all: all pictures, in the order that all workers know
  ///   - isMissing: for each, whether its translation is missing
  init(
    _ all: [FolderTranslation.Item], isMissing: [Bool], _ claims: ClaimFolder,
    failing fail: @escaping @Sendable (any Error) -> Void
  ) throws {
    let borders = Self.borders(all.count)
    var pieces: [Piece] = []
    for (number, (from, to)) in zip(borders, borders.dropFirst()).enumerated() {
      let place = pieces.count
      let items = (from..<to).filter { isMissing[$0] }.map { index in
        var item = all[index]
        item.piece = place
        return item
      }
      if !items.isEmpty { pieces.append(Piece(number: number, items: items)) }
    }
    (self.pieces, self.claims, self.fail) = (pieces, claims, fail)
    state = Mutex(State(contents: try claims.contents()))
  }

  /// The next picture of a piece that this worker has claimed; nil: others have claimed the rest.
  func draw() -> FolderTranslation.Item? {
    do {
      return try state.withLock { state throws in
        while true {
          if let item = state.current.popFirst() {
            guard FileManager.default.fileExists(atPath: item.target) else { return item }
            state.found += 1
            try settle(item, &state)
          } else if let place = try state.takenOver.popFirst() ?? nextUnclaimed(&state) {
            state.own.insert(place)
            state.open[place] = pieces[place].items.count
            state.current = pieces[place].items[...]
          } else {
            return nil
          }
        }
      }
    } catch {
      fail(error)
      return nil
    }
  }

  /// Claims the next piece that nobody has claimed.
  private func nextUnclaimed(_ state: inout State) throws -> Int? {
    while state.cursor < pieces.count {
      defer { state.cursor += 1 }
      let number = pieces[state.cursor].number
      guard state.contents.state(of: number) == .free else { continue }
      if try claims.claim(number) {
        state.refusals = 0
        return state.cursor
      }
      state.refusals += 1
      guard state.refusals >= Self.patience else { continue }
      state.refusals = 0
      state.contents = try claims.contents()
    }
    return nil
  }

  /// Takes note that a picture is through, well or not.
  func finish(_ item: FolderTranslation.Item) {
    do { try state.withLock { state throws in try settle(item, &state) } } catch { fail(error) }
  }

  private func settle(_ item: FolderTranslation.Item, _ state: inout State) throws {
    guard let place = item.piece, let open = state.open[place] else { return }
    state.open[place] = open == 1 ? nil : open - 1
    if open == 1 { try claims.finish(pieces[place].number) }
  }

  /// What is left when others have claimed the rest.
  enum Rest: Equatable {
    /// All is done.
    case nothing
    /// Others are at so many pictures.
    case held(Int)
    /// Others were; now this worker is.
    case takenOver
  }

  /// Takes over a piece of a dead worker, if there is one.
  func rest() throws -> Rest {
    try state.withLock { state throws in
      if claims.hasEnded {
        state.isOver = true
        return .nothing
      }
      state.contents = try claims.contents()
      var (held, count) = ([(number: Int, claims: Int)](), 0)
      var places: [Int: Int] = [:]
      for (place, piece) in pieces.enumerated() {
        switch state.contents.state(of: piece.number) {
        case .done: continue
        case .claimed(let claims): held.append((piece.number, claims))
        // Its claim was removed by hand.
        case .free: held.append((piece.number, 0))
        }
        places[piece.number] = place
        count += piece.items.count
      }
      if held.isEmpty { return .nothing }
      for piece in held.filter({ $0.claims == 0 }) + claims.abandoned(held.filter { $0.claims > 0 }) {
        guard try claims.claim(piece.number, after: piece.claims), let place = places[piece.number] else { continue }
        state.takenOver = [place]
        return .takenOver
      }
      return .held(count)
    }
  }

  /// Pictures that others have translated, or failed to, as far as is known.
  var others: Int {
    state.withLock { state in
      pieces.enumerated().reduce(state.found) { count, piece in
        let isDone = state.isOver || state.contents.state(of: piece.element.number) == .done
        return isDone && !state.own.contains(piece.offset) ? count + piece.element.items.count : count
      }
    }
  }
}
