import Primitives
import Synchronization

@testable import Server

/// A clock that a test moves.
final class ManualKeyClock: Sendable {
    private struct State {
        var now = MonotonicInstant(nanoseconds: 0)
        var sleepers: [Int: (end: MonotonicInstant, continuation: CheckedContinuation<Void, any Error>)] = [:]
        /// Sleepers that were cancelled before they slept.
        var cancelled: Set<Int> = []
        var sleeperCount = 0
    }

    private let state = Mutex(State())

    var clock: KeyClock {
        KeyClock(now: { self.state.withLock { $0.now } }, sleep: { try await self.sleep(until: $0) })
    }

    /// When tasks wake up, as seconds since the clock's origin, in order.
    var wakeUps: [Int64] {
        state.withLock { $0.sleepers.values.map { Int64($0.end.nanoseconds / 1_000_000_000) }.sorted() }
    }

    /// Moves the time to `seconds` since the clock's origin, and wakes the tasks that slept until then.
    func advance(to seconds: Int64) {
        let woken = state.withLock { state in
            state.now = MonotonicInstant(nanoseconds: 0) + .seconds(seconds)
            let woken = state.sleepers.filter { $0.value.end <= state.now }
            for number in woken.keys { state.sleepers[number] = nil }
            return woken.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    private func sleep(until end: MonotonicInstant) async throws {
        let number = state.withLock { state in
            state.sleeperCount += 1
            return state.sleeperCount
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    if end <= state.now { return .success(()) }
                    state.sleepers[number] = (end, continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
