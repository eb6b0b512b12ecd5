/// Seeds of the independent random numbers of a run.
enum RandomStream: UInt64 {
  case weights = 1
  case data
  case steps
}
