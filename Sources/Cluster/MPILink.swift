#if MPI
  import CMPI
  import Files
  import Foundation
  import Parallel
  import Synchronization

  /// The ranks of an MPI job. The only place that knows MPI.
  ///
  /// MPI is asked by one thread at a time (MPI_THREAD_SERIALIZED), for which the lock sees.
  final class MPILink: RankLink {
    let rank: Int
    let count: Int
    /// How many machines the ranks are on.
    let machines: Int
    /// How many ranks share the processors that this one may run on, with itself.
    let sharing: Int
    private let state = Mutex(State())

    private struct State {
      /// Unchecked: a request is MPI's handle, used under the lock alone.
      var requests: [mpi_shim_request] = []
      var free: [Int] = []
    }

    /// Starts MPI.
    ///
    /// - Throws: `FileError` where it does not start
    init() throws(FileError) {
      var (threads, rank, count, machines, sharing): (Int32, Int32, Int32, Int32, Int32) = (0, 0, 1, 1, 1)
      try Self.check(mpi_shim_start(&threads))
      try Self.check(mpi_shim_rank(&rank))
      try Self.check(mpi_shim_size(&count))
      guard threads != 0 || count == 1 else {
        throw FileError(
          path: nil, problem: "this MPI cannot be used by several threads of a process",
          advice: "use one that offers MPI_THREAD_SERIALIZED")
      }
      try Self.check(mpi_shim_places(&machines, &sharing))
      (self.rank, self.count) = (Int(rank), Int(count))
      (self.machines, self.sharing) = (Int(machines), max(1, Int(sharing)))
    }

    /// Leaves the job in order: all ranks do.
    func leave() { _ = mpi_shim_end() }

    /// Ends all ranks at once.
    func abort(_ status: Int32) { _ = mpi_shim_abort(status) }

    func send(
      _ bytes: UnsafeRawBufferPointer, to rank: Int, as message: RankMessage
    ) throws(FileError) -> RankRequest {
      try begin {
        mpi_shim_send(bytes.baseAddress, Int32(bytes.count), Int32(rank), message.rawValue, $0)
      }
    }

    func receive(
      _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, as message: RankMessage
    ) throws(FileError) -> RankRequest {
      try begin {
        mpi_shim_receive(bytes.baseAddress, Int32(bytes.count), Int32(rank), message.rawValue, $0)
      }
    }

    func isDone(_ request: RankRequest) throws(FileError) -> Bool {
      var isDone: Int32 = 0
      let code = state.withLock { state in
        let code = mpi_shim_test(&state.requests[request.place], &isDone)
        if code == 0, isDone != 0 { state.free.append(request.place) }
        return code
      }
      try Self.check(code)
      return isDone != 0
    }

    private func begin(_ start: (UnsafeMutablePointer<mpi_shim_request>) -> Int32) throws(FileError) -> RankRequest {
      let (code, place) = state.withLock { state in
        let place = state.free.popLast() ?? state.requests.count
        if place == state.requests.count { state.requests.append(mpi_shim_request()) }
        return (start(&state.requests[place]), place)
      }
      try Self.check(code)
      return RankRequest(place: place)
    }

    private static func check(_ code: Int32) throws(FileError) {
      guard code != 0 else { return }
      var text = [CChar](repeating: 0, count: 512)
      mpi_shim_text(code, &text, Int32(text.count))
      let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw FileError(
        path: nil, problem: "MPI has failed: \(words)", advice: "see whether all machines and their network are up")
    }
  }
#endif
