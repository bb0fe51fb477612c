import Primitives

/// What a lane keeps for the phases of its run and for what disturbs its streams.
struct Disturbances {
    /// Streams to open at the next tick.
    var reopenLater: [UInt32] = []
    /// Streams whose close frame was sent, and when they are given up.
    var closing: [(stream: UInt32, connection: ConnectionID, deadline: MonotonicInstant)] = []
    /// Sending has begun.
    var hasBegun = false
    /// When the last request became due.
    var sendingEndedAt: MonotonicInstant?
    /// The reactor's times when the steady part began.
    var busyAtStart: BusyReading?

    /// Streams still to be closed and opened, with the fraction that is not one yet.
    var churnCredit = 0.0
    var churnedAt: MonotonicInstant?
    /// The stream that is looked at next.
    var churnCursor = 0
    /// The storm has broken out.
    var hasStormed = false

    /// Streams that left, with the number that they want next of each writer.
    var away: [UInt32: [UInt32]] = [:]
    /// From when on streams that came back read what they missed, as the query has it.
    var since: [UInt32: String] = [:]
    /// What they missed of each writer: from the number that they wanted to the one with which they went on.
    var missed: [UInt32: [Range<UInt32>]] = [:]
    var hasLeft = false
    var hasReturned = false

    /// Whether nothing is under way that has to end before the run does.
    func isQuiet(_ connectingCount: Int, _ toOpenCount: Int) -> Bool {
        closing.isEmpty && connectingCount == 0 && toOpenCount == 0 && missed.isEmpty && reopenLater.isEmpty
    }
}

/// What a reactor's thread had used at a time.
struct BusyReading {
    let at: MonotonicInstant
    let cpuNanoseconds: UInt64
    let waitNanoseconds: UInt64
}
