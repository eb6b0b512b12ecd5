import Files

extension Shard {
  /// How a scheduler tells a program by environment variables which part of a job it is.
  private struct Scheduler {
    var name: String
    var index: String
    /// The variables that may hold the number of parts; the first that is set counts.
    var count: [String]
    /// The variable that holds the first index; nil: `first`.
    var lowest: String?
    var first = 0
    /// The variable that holds the distance of two indices; nil: 1.
    var step: String?
  }

  /// Jobs of many tasks.
  private static let arrays = [
    Scheduler(
      name: "Slurm array", index: "SLURM_ARRAY_TASK_ID", count: ["SLURM_ARRAY_TASK_COUNT"],
      lowest: "SLURM_ARRAY_TASK_MIN", step: "SLURM_ARRAY_TASK_STEP"),
    // These do not tell how many there are: whoever writes the job does.
    Scheduler(name: "Kubernetes indexed job", index: "JOB_COMPLETION_INDEX", count: ["SHARD_COUNT"]),
    Scheduler(name: "PBS array", index: "PBS_ARRAY_INDEX", count: ["SHARD_COUNT"], first: 1),
  ]

  /// Tasks of one job that run at the same time.
  private static let ranks = [
    Scheduler(name: "Open MPI", index: "OMPI_COMM_WORLD_RANK", count: ["OMPI_COMM_WORLD_SIZE"]),
    Scheduler(name: "MPICH", index: "PMI_RANK", count: ["PMI_SIZE"]),
    Scheduler(name: "Slurm", index: "SLURM_PROCID", count: ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"]),
  ]

  /// The part that a scheduler says this program is: a task of an array (Slurm, Kubernetes, PBS), a rank of a parallel job
  /// (Open MPI, MPICH, Slurm), or a rank within a task.
  ///
  /// - Parameter environment: the variables of the process
  /// - Throws: `FileError` where no scheduler says so, or what it says cannot be
  public init(environment: [String: String]) throws {
    let array = try Self.part(Self.arrays, environment)
    let rank = try Self.part(Self.ranks, environment)
    guard array != nil || rank != nil else {
      let known = (Self.arrays + Self.ranks).map { "\($0.index) (\($0.name))" }
      throw FileError(
        path: nil,
        problem: "no scheduler says which part of the job this is: none of \(known.joined(separator: ", ")) is set",
        advice: "give the part as I/N")
    }
    let whole = Shard(index: 1, count: 1)
    let outer = array ?? whole
    let inner = rank ?? whole
    guard let outer, let inner,
      case let (count, overflow) = outer.count.multipliedReportingOverflow(by: inner.count), !overflow,
      let shard = Shard(index: (outer.index - 1) * inner.count + inner.index, count: count)
    else { throw FileError(path: nil, problem: "a job of so many parts cannot be", advice: "give the part as I/N") }
    self = shard
  }

  /// The parallel job that a launcher of MPI programs has started this process in: who it is, and how many there are; nil:
  /// none has. Slurm starts programs without MPI in the same way, but for what MPI asks it for.
  package static func parallelJob(_ environment: [String: String]) -> (name: String, index: Int, count: Int)? {
    for scheduler in ranks {
      guard let index = environment[scheduler.index].flatMap(Int.init) else { continue }
      if scheduler.name == "Slurm", environment["PMIX_RANK"] == nil { continue }
      guard let count = scheduler.count.lazy.compactMap({ environment[$0].flatMap(Int.init) }).first else { continue }
      return (scheduler.name, index, count)
    }
    return nil
  }

  /// What the first of `schedulers` that is there says; nil: none is.
  private static func part(_ schedulers: [Scheduler], _ environment: [String: String]) throws -> Shard? {
    guard let scheduler = schedulers.first(where: { environment[$0.index] != nil }) else { return nil }
    func number(_ name: String) throws -> Int? {
      guard let text = environment[name] else { return nil }
      guard let number = Int(text), number >= 0, number <= 1 << 40 else {
        throw FileError(
          path: nil, problem: "\(name) is \(FileError.quote(text)), but a number was expected",
          advice: "give the part as I/N")
      }
      return number
    }
    let index = try number(scheduler.index) ?? 0
    let lowest = try scheduler.lowest.flatMap(number) ?? scheduler.first
    let step = max(1, try scheduler.step.flatMap(number) ?? 1)
    guard let count = try scheduler.count.lazy.compactMap(number).first else {
      throw FileError(
        path: nil,
        problem: "\(scheduler.index) is set, but not \(scheduler.count[0]), which says how many parts there are",
        advice: "set it in the job (\(scheduler.name)), or give the part as I/N")
    }
    guard index >= lowest, let shard = Shard(index: (index - lowest) / step + 1, count: count) else {
      throw FileError(
        path: nil, problem: "\(scheduler.index) is \(index), but there are \(count) parts from \(lowest) on",
        advice: "number the tasks without gaps, or give the part as I/N")
    }
    return shard
  }
}
