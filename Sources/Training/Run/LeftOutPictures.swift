import Files

/// The damaged pictures that a run leaves out: each is said once a session, and kept for the report.
struct LeftOutPictures {
  private let pictures: TrainingPictures
  /// Paths of those that were said.
  private var told: Set<String> = []

  /// None told yet of `pictures`.
  init(in pictures: TrainingPictures) { self.pictures = pictures }

  /// Keeps for the report that a picture was left out.
  ///
  /// - Returns: whether it is the first time in this session
  mutating func note(_ error: FileError, in position: inout TrainingPosition) -> Bool {
    guard let path = error.path, told.insert(path).inserted else { return false }
    let key = pictures.relativePath(path)
    if position.leftOut == nil { position.leftOut = [:] }
    if position.leftOut?[key] == nil { position.leftOut?[key] = error.problem }
    return true
  }

  /// Damaged pictures that are named one by one.
  private static let namedPictures = 10

  /// What is said of those that looking at them has shown, before the first step.
  static func warnings(_ survey: PictureSurvey) -> [String] {
    let more = survey.damaged.count - namedPictures
    return survey.damaged.prefix(namedPictures).map { "\($0.path ?? ""): \($0.problem); it is left out" }
      + (more > 0 ? ["\(more) more damaged pictures are left out; the check command lists them all"] : [])
  }
}
