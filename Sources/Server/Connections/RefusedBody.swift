import Primitives

/// A request's body that was refused before its end (RFC 9112, section 9.6).
///
/// Closing a connection while its client still sends resets it, and the reset can overtake the answer. So the rest of
/// the body is read and dropped, within limits of silence, time and bytes.
struct RefusedBody {
    /// Whether the end of the body can be found in what comes. Where a chunk is malformed it cannot.
    var isEndKnown: Bool
    /// Whether the client waits for `100 Continue`, so that it will send nothing.
    let isWithheld: Bool
    private let endsBy: MonotonicInstant
    private var byteCount = 0

    init(isEndKnown: Bool, isWithheld: Bool, at now: MonotonicInstant) {
        self.isEndKnown = isEndKnown
        self.isWithheld = isWithheld
        endsBy = now + ServerLimits.refusedBodyWait
    }

    /// Whether our side stays open until the body has ended. Some clients take the end of our side for the loss of the
    /// connection and stop sending with an error; but when no end of the body will be seen, ours must come first.
    var keepsSideOpen: Bool { isEndKnown && !isWithheld }

    /// Counts what came.
    mutating func received(byteCount: Int) { self.byteCount += byteCount }

    /// How long to wait for the next bytes; nil when a limit is reached.
    func wait(at now: MonotonicInstant) -> Duration? {
        guard byteCount <= ServerLimits.refusedBodyByteCountMax, now < endsBy else { return nil }
        return min(ServerLimits.refusedBodyIdleWait, endsBy.since(now))
    }
}
