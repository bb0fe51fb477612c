public import Primitives

/// Detects a peer that is gone without closing: sends a ping every period, and ends the connection when no pong arrived
/// in time.
///
/// Each connection has one, so it is only two instants. The periods are the same for all connections and come in as an
/// argument, as does the time. Only a pong counts as an answer: a peer that sends data but no pongs is disconnected.
/// Without an unanswered ping the peer has no deadline: when the timer fires late, it sends a ping first.
public struct Heartbeat: Hashable, Sendable {
    /// The periods.
    public struct Schedule: Hashable, Sendable {
        /// The time from one ping to the next.
        public let pingPeriod: Duration
        /// The longest time from a ping to its pong.
        public let pongWait: Duration
        /// The time from one round of pings to the next, and the time of one of them, in nanoseconds.
        private let roundSpan: UInt64
        private let roundPhase: UInt64

        /// A schedule of the two periods.
        ///
        /// Pings may go out in rounds: at `roundPhase` on the clock of the instants, and every `roundSpan` before and
        /// after it. A ping is sent in the last round before its period is over. So the pings of many idle connections
        /// are sent, and their pongs received, in one turn of the loop: alone, each would wake both ends. A span of a
        /// nanosecond is none.
        ///
        /// - Precondition: `0 < pingPeriod < pongWait`, as clients of the interface know it, and
        ///   `0 <= roundPhase < roundSpan <= pingPeriod`.
        public init(
            pingPeriod: Duration, pongWait: Duration, roundSpan: Duration = .nanoseconds(1),
            roundPhase: Duration = .zero
        ) {
            precondition(pingPeriod > .zero && pingPeriod < pongWait)
            precondition(roundPhase >= .zero && roundPhase < roundSpan && roundSpan <= pingPeriod)
            self.pingPeriod = pingPeriod
            self.pongWait = pongWait
            self.roundSpan = roundSpan.wholeNanoseconds
            self.roundPhase = roundPhase.wholeNanoseconds
        }

        /// The last round at or before `instant`.
        func round(before instant: MonotonicInstant) -> MonotonicInstant {
            let sinceRound = (instant.nanoseconds &+ roundSpan &- roundPhase) % roundSpan
            return MonotonicInstant(nanoseconds: instant.nanoseconds - min(sinceRound, instant.nanoseconds))
        }
    }

    /// What to do when the timer fires.
    public enum Action: Hashable, Sendable {
        /// Send a ping and set the timer to the new deadline.
        case sendPing
        /// Close the connection: the peer did not answer in time.
        case close
        /// Nothing is due yet; set the timer to the deadline.
        case wait
    }

    private var lastPing: MonotonicInstant
    /// When the oldest ping without a later pong was sent; `never` without one.
    private var unansweredSince = Self.never

    private static let never = MonotonicInstant(nanoseconds: .max)

    /// A heartbeat that begins `now`, as if a ping had just been sent and answered.
    public init(startedAt now: MonotonicInstant) {
        lastPing = now
    }

    /// The next time at which `timerFired` has something to do: the timer's deadline. A pong can only make it later, so
    /// the timer need not be moved when one arrives.
    public func deadline(_ schedule: Schedule) -> MonotonicInstant {
        min(nextPing(schedule), unansweredSince + schedule.pongWait)
    }

    private func nextPing(_ schedule: Schedule) -> MonotonicInstant {
        schedule.round(before: lastPing + schedule.pingPeriod)
    }

    /// A pong arrived.
    public mutating func pongReceived() {
        unansweredSince = Self.never
    }

    /// What is due. A returned ping counts as sent `now`.
    public mutating func timerFired(at now: MonotonicInstant, _ schedule: Schedule) -> Action {
        guard now < unansweredSince + schedule.pongWait else { return .close }
        guard now >= nextPing(schedule) else { return .wait }
        lastPing = now
        if unansweredSince == Self.never { unansweredSince = now }
        return .sendPing
    }
}
