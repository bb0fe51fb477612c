import Primitives

/// Holds due timers back until what had arrived before them was handled: a deadline is judged by what the peer did, not
/// by how much of it the reactor has read.
///
/// Completions are handled in the order in which they were recorded. When timers come due, those that are recorded by
/// then are noted, and the timers fire once these are handled. A receive that found no buffer has bytes that are not
/// recorded yet: the gate then waits a turn, in which it is repeated, but only so many times in a row, as there is no end
/// to what peers may send.
struct TimerGate {
    private struct Hold {
        /// Completions recorded, over all time, that are to be handled first.
        var recordedCount: UInt64
        /// Timers up to here fire then.
        let time: MonotonicInstant
        var shortageCount = 0
    }

    private var hold: Hold?
    /// Turns in a row that a shortage of buffers may hold timers back.
    let shortageCountMax: Int

    init(shortageCountMax: Int) { self.shortageCountMax = shortageCountMax }

    /// Up to when timers may fire; nil for none. Once a turn, after its completions.
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
