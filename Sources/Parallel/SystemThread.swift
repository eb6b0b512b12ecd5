import Foundation

/// Starts threads, and says where the system gives none. Foundation's `Thread` is silent then, and whoever waits for what
/// it should do waits for ever.
package enum SystemThread {
  /// Bytes of stack that any work in this package does with.
  package static let usualStack = 1 << 20

  /// Runs `body` on a thread of its own, which nobody joins.
  ///
  /// - Parameter stackSize: bytes of its stack
  /// - Returns: whether there is such a thread
  package static func start(stackSize: Int = usualStack, _ body: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    guard pthread_attr_setstacksize(&attributes, stackSize) == 0,
      pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) == 0
    else { return false }
    let work = Unmanaged.passRetained(ThreadWork(body))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    guard pthread_create(&thread, &attributes, runSystemThread, work.toOpaque()) == 0 else {
      work.release()
      return false
    }
    return true
  }
}

#if canImport(Darwin)
  private typealias ThreadArgument = UnsafeMutableRawPointer
#else
  private typealias ThreadArgument = UnsafeMutableRawPointer?
#endif

/// Where a thread begins; the argument holds its work.
private func runSystemThread(_ argument: ThreadArgument) -> UnsafeMutableRawPointer? {
  let work: UnsafeMutableRawPointer? = argument
  if let work { Unmanaged<ThreadWork>.fromOpaque(work).takeRetainedValue().body() }
  return nil
}

/// What a thread does, on its way to it.
private final class ThreadWork {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
