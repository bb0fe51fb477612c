public import Primitives

/// Notices a peer that is gone without a word: a ping every period, the end when no pong came for too long.
///
/// One lives in each connection, so it is two instants and no more; the periods, the same for all, come in as an
/// argument, and so does the time. Only a pong extends the wait: a peer that sends data but no pongs is cut off.
public struct Heartbeat: Hashable, Sendable {
    /// The periods.
    public struct Schedule: Hashable, Sendable {
        /// From one ping to the next.
        public let pingPeriod: Duration
        /// From one pong to the latest moment for the next.
        public let pongWait: Duration

        /// Joins the two.
        ///
        /// - Precondition: `0 < pingPeriod < pongWait`, or the wait would end before a ping has asked for its pong.
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
    private var lastPong: MonotonicInstant

    /// A heartbeat that begins `now`, as if a ping had just been sent and answered.
    public init(startedAt now: MonotonicInstant) {
        lastPing = now
        lastPong = now
    }

    /// When `timerFired` has something to do next: the timer's deadline. Later pongs can only move it back, so a timer
    /// need not be moved when one arrives.
    public func deadline(_ schedule: Schedule) -> MonotonicInstant {
        min(lastPing + schedule.pingPeriod, lastPong + schedule.pongWait)
    }

    /// A pong arrived.
    public mutating func pongReceived(at now: MonotonicInstant) {
        lastPong = max(lastPong, now)
    }

    /// What is due; a ping counts as sent `now`.
    public mutating func timerFired(at now: MonotonicInstant, _ schedule: Schedule) -> Action {
        guard now < lastPong + schedule.pongWait else { return .close }
        guard now >= lastPing + schedule.pingPeriod else { return .wait }
        lastPing = now
        return .sendPing
    }
}
