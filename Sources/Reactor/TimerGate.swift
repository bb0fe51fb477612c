import Primitives

/// Holds due timers back until the completions that arrived before them are handled: a deadline depends on what the
/// peer did, not on how much of it the reactor has read.
///
/// Completions are handled in the order in which they were recorded. When timers come due, the gate notes how many
/// completions are recorded, and the timers fire once these are handled. A receive that found no buffer has bytes that
/// are not recorded yet. The gate then waits for a turn, in which the receive is retried. It does so only a limited
/// number of times in a row, because peers may send without end.
struct TimerGate {
    private struct Hold {
        /// The number of completions, counted over all time, that must be handled first.
        var recordedCount: UInt64
        /// Timers that are due by this time fire then.
        let time: MonotonicInstant
        var shortageCount = 0
    }

    private var hold: Hold?
    /// The maximum number of consecutive turns in which a shortage of buffers holds timers back.
    let shortageCountMax: Int

    init(shortageCountMax: Int) { self.shortageCountMax = shortageCountMax }

    /// The time up to which timers may fire; nil for none. Call it once a turn, after the turn's completions.
    mutating func openUntil(
        due deadline: MonotonicInstant?, now: MonotonicInstant, recordedCount: UInt64, handledCount: UInt64,
        hasShortage: Bool
    ) -> MonotonicInstant? {
        guard let deadline, deadline <= now else {
            hold = nil
            return nil
        }
        var current = hold ?? Hold(recordedCount: recordedCount, time: now)
        hold = current
        guard handledCount >= current.recordedCount else { return nil }
        if hasShortage, current.shortageCount < shortageCountMax {
            current.shortageCount += 1
            current.recordedCount = recordedCount
            hold = current
            return nil
        }
        hold = nil
        return current.time
    }
}
