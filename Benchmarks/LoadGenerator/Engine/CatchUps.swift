import Primitives

/// The streams of a lane that missed messages, and the lists that they ask for.
struct CatchUps {
    /// A list that a stream asks for, page by page, until it has what it missed.
    struct Ask {
        /// The time from which it reads, as in the query.
        var since: String
        /// Complete lists that were read.
        var listCount = 0
        /// The stream ended and opened again meanwhile, so that the list may be too old.
        var isOutdated = false
    }

    /// What each stream missed.
    var missed: [UInt32: MissedMessages] = [:]
    /// When each stream left, in microseconds since 1970.
    var leftAt: [UInt32: Int64] = [:]
    /// Lists in flight or due.
    var asks: [UInt32: Ask] = [:]
    /// Streams that ask again, and when.
    var later: [(stream: UInt32, at: MonotonicInstant)] = []

    /// Messages in flight to a stream when it left are younger than this.
    static let marginFirst = Duration.seconds(2)
    /// The margins of the lists that follow when one was complete and did not have everything. Messages that were not
    /// acknowledged are in none.
    static let marginsAfter: [Duration] = [.seconds(30), .seconds(3_600)]
    /// The pause before a list is asked for again.
    static let pause = Duration.seconds(1)
}
