internal import Primitives

/// A request's body that was refused before its end (RFC 9112, section 9.6).
///
/// Closing a connection while its client still sends resets it, and the reset can overtake the response. So the rest of
/// the body is read and dropped, within limits of idle time, total time and bytes.
struct RefusedBody {
    /// Whether the end of the body can be found in the bytes that follow. After a malformed chunk it cannot.
    var isEndKnown: Bool
    /// Whether the client waits for `100 Continue`, so that it will send nothing.
    let isWithheld: Bool
    private let endsBy: MonotonicInstant
    private var byteCount = 0

    init(isEndKnown: Bool, isWithheld: Bool, at now: MonotonicInstant) {
        self.isEndKnown = isEndKnown
        self.isWithheld = isWithheld
        endsBy = now + Limits.refusedBodyWait
    }

    /// Whether our side stays open until the body has ended. Some clients treat the end of our side as a lost
    /// connection and stop sending with an error. When the end of the body cannot be found, our side must end first.
    var keepsSideOpen: Bool { isEndKnown && !isWithheld }

    /// Counts received bytes.
    mutating func received(byteCount: Int) { self.byteCount += byteCount }

    /// How long to wait for the next bytes; nil when a limit is reached.
    func wait(at now: MonotonicInstant) -> Duration? {
        guard byteCount <= Limits.refusedBodyByteCountMax, now < endsBy else { return nil }
        return min(Limits.refusedBodyIdleWait, endsBy.since(now))
    }
}
