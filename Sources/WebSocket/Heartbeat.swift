public import Primitives

/// Notices a peer that is gone without a word: a ping every period, the end when one found no pong for too long.
///
/// One lives in each connection, so it is two instants and no more; the periods, the same for all, come in as an
/// argument, and so does the time. Only a pong answers: a peer that sends data but no pongs is cut off. Without an
/// unanswered ping there is no deadline: a timer that fires late sends its ping first.
public struct Heartbeat: Hashable, Sendable {
    /// The periods.
    public struct Schedule: Hashable, Sendable {
        /// From one ping to the next.
        public let pingPeriod: Duration
        /// From a ping to the latest moment for a pong.
        public let pongWait: Duration

        /// Joins the two.
        ///
        /// - Precondition: `0 < pingPeriod < pongWait`, as clients of the interface know it.
        public init(pingPeriod: Duration, pongWait: Duration) {
            precondition(pingPeriod > .zero && pingPeriod < pongWait)
            self.pingPeriod = pingPeriod
            self.pongWait = pongWait
        }
    }

    /// What to do when the timer fires.
    public enum Action: Hashable, Sendable {
        /// Send a ping, and look again at the deadline.
        case sendPing
        /// Close: the peer did not answer in time.
        case close
        /// Nothing is due yet; look again at the deadline.
        case wait
    }

    private var lastPing: MonotonicInstant
    /// When the first ping was sent that no pong has followed; `never` without one.
    private var unansweredSince = Self.never

    private static let never = MonotonicInstant(nanoseconds: .max)

    /// A heartbeat that begins `now`, as if a ping had just been sent and answered.
    public init(startedAt now: MonotonicInstant) {
        lastPing = now
    }

    /// When `timerFired` has something to do next: the timer's deadline. A pong can only move it back, so a timer need
    /// not be moved when one arrives.
    public func deadline(_ schedule: Schedule) -> MonotonicInstant {
        min(lastPing + schedule.pingPeriod, unansweredSince + schedule.pongWait)
    }

    /// A pong arrived.
    public mutating func pongReceived() {
        unansweredSince = Self.never
    }

    /// What is due; a ping counts as sent `now`.
    public mutating func timerFired(at now: MonotonicInstant, _ schedule: Schedule) -> Action {
        guard now < unansweredSince + schedule.pongWait else { return .close }
        guard now >= lastPing + schedule.pingPeriod else { return .wait }
        lastPing = now
        if unansweredSince == Self.never { unansweredSince = now }
        return .sendPing
    }
}
