import Primitives

/// A lane's state for the phases of its run and for the disturbances of its streams.
struct Disturbances {
    /// Streams to open at the next tick.
    var reopenLater: [UInt32] = []
    /// Streams whose close frame was sent, and their deadlines.
    var closing: [(stream: UInt32, connection: ConnectionID, deadline: MonotonicInstant)] = []
    /// Sending has begun.
    var hasBegun = false
    /// When the last request became due.
    var sendingEndedAt: MonotonicInstant?
    /// The reactor's times when the steady part began.
    var busyAtStart: BusyReading?

    /// The number of streams still to be closed and reopened, including a fraction.
    var churnCredit = 0.0
    var churnedAt: MonotonicInstant?
    /// The stream to consider next.
    var churnCursor = 0
    /// The storm has begun.
    var hasStormed = false

    /// Streams that left and will return.
    var away: [UInt32] = []
    var hasLeft = false
    var hasReturned = false

    /// Whether nothing is in flight that must end before the run does.
    func isQuiet(_ connectingCount: Int, _ toOpenCount: Int) -> Bool {
        closing.isEmpty && connectingCount == 0 && toOpenCount == 0 && reopenLater.isEmpty
    }
}

/// What a reactor's thread had used at one time.
struct BusyReading {
    let at: MonotonicInstant
    let cpuNanoseconds: UInt64
    let waitNanoseconds: UInt64
}
