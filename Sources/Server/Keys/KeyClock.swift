import Primitives

/// The clock by which keys are read again. Any thread.
struct KeyClock: Sendable {
    /// The time.
    let now: @Sendable () -> MonotonicInstant
    /// Returns at the time, or throws when its task is cancelled before.
    let sleep: @Sendable (MonotonicInstant) async throws -> Void
}

extension KeyClock {
    /// The clock of the process, which counts from now on.
    static func continuous() -> KeyClock {
        let origin = MonotonicInstant(nanoseconds: 0)
        let start = ContinuousClock.now
        return KeyClock(
            now: { origin + (ContinuousClock.now - start) },
            sleep: { try await Task.sleep(until: start + $0.since(origin)) })
    }
}
