import Dispatch

/// Work that blocks its thread, away from the threads that tasks share: those are few, and each that waits for a server
/// is one less for all.
enum BlockingWork {
    /// Runs `body` on a thread that may block.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            start { continuation.resume(returning: body()) }
        }
    }

    /// The same, for callers that do not wait.
    static func start(_ body: @escaping @Sendable () -> Void) { DispatchQueue.global().async(execute: body) }
}
