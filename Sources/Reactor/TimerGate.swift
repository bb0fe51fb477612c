import Primitives

/// Holds due timers back until the completions that arrived before them are handled: a deadline depends on what the
/// peer did, not on how much of it the reactor has read.
///
/// Completions are handled in the order in which they were recorded. When timers come due, the gate notes how many
/// completions are recorded, and the timers fire once these are handled. A receive among them that found no buffer is
/// retried in the next turn, and its bytes are recorded only then. When there was one, the gate holds the timers for
/// another round: until the completions are handled that are recorded in the next turn. The number of rounds is limited,
/// because peers may send without end.
struct TimerGate {
    private struct Hold {
        /// Timers that are due by this time fire at the end.
        let time: MonotonicInstant
        /// The number of completions, counted over all time, that must be handled in this round; nil until its first
        /// turn.
        var recordedCount: UInt64?
        /// Whether a receive of this round found no buffer.
        var hasShortage = false
        /// The rounds before this one.
        var roundCount = 0
    }

    private var hold: Hold?
    /// The maximum number of rounds for which shortages of buffers hold timers back.
    let shortageRoundCountMax: Int

    init(shortageRoundCountMax: Int) { self.shortageRoundCountMax = shortageRoundCountMax }

    /// The time up to which timers may fire; nil for none. Call it once a turn, after the turn's completions.
    mutating func openUntil(
        due deadline: MonotonicInstant?, now: MonotonicInstant, recordedCount: UInt64, handledCount: UInt64,
        hasShortage: Bool
    ) -> MonotonicInstant? {
        guard let deadline, deadline <= now else {
            hold = nil
            return nil
        }
        var current = hold ?? Hold(time: now)
        let awaitedCount = current.recordedCount ?? recordedCount
        current.recordedCount = awaitedCount
        current.hasShortage = current.hasShortage || hasShortage
        hold = current
        guard handledCount >= awaitedCount else { return nil }
        guard current.hasShortage, current.roundCount < shortageRoundCountMax else {
            hold = nil
            return current.time
        }
        hold = Hold(time: current.time, roundCount: current.roundCount + 1)
        return nil
    }
}
