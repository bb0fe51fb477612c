package import Primitives
package import WebSocket

/// The life of an open stream on the server, from its subscription to the end of its socket (RFC 6455, sections 5.5.1
/// and 7), as one value: which frames it handles, when it ends, and what follows then.
///
/// The caller reports events in the past tense, with the time, and performs the returned action. A session does no I/O
/// and knows no connection. There is one for each stream, so it is small, and it owns heap memory only while a control
/// frame arrives in pieces. O(1) but for `nextInput`.
package struct StreamSession {
    /// Each state names those that may follow it.
    enum State: Hashable, CaseIterable {
        /// Messages flow → `blocked`, `closing`, `flushing`, `ended`.
        case open
        /// Messages flow, but the socket is full: it must take some bytes within the write wait → `open`, `closing`,
        /// `flushing`, `ended`.
        case blocked
        /// We close first: our close frame is pending, and the peer's frames are handled meanwhile → `awaitingClose`
        /// (ours was sent), `flushing` (the peer closed or broke the protocol), `flushingHalfClosed`, `ended`.
        case closing
        /// Our close frame was sent, and the peer's is awaited → `lingering`, `ended`.
        case awaitingClose
        /// Our close frame is pending, and what the peer sends is dropped: it closed first, broke the protocol or was
        /// given up → `lingering` (ours was sent), `flushingHalfClosed`, `ended`.
        case flushing
        /// Our close frame is pending, and the peer has ended its side of the connection → `ended`.
        case flushingHalfClosed
        /// The last frame was sent, and our side is shut down. Input is dropped until the peer ends its own: a close
        /// with unread bytes would reset the connection, and the reset could overtake our close frame → `ended`.
        case lingering
        /// The socket is closed, or is being closed. Final.
        case ended

        /// Whether the state may become `next`.
        func mayBecome(_ next: State) -> Bool {
            switch self {
            case .open: [.blocked, .closing, .flushing, .ended].contains(next)
            case .blocked: [.open, .closing, .flushing, .ended].contains(next)
            case .closing: [.awaitingClose, .flushing, .flushingHalfClosed, .ended].contains(next)
            case .awaitingClose: [.lingering, .ended].contains(next)
            case .flushing: [.lingering, .flushingHalfClosed, .ended].contains(next)
            case .flushingHalfClosed, .lingering: next == .ended
            case .ended: false
            }
        }
    }

    /// What the caller must do after an event.
    package enum Action: Hashable {
        /// Nothing.
        case none
        /// Set the timer to `deadline`.
        case setTimer
        /// Send a ping, and set the timer to `deadline`.
        case sendPing
        /// The stream has ended for this reason, which is reported once. Send a close frame with the code, after the
        /// messages before it when the reason says so, and set the timer to `deadline`.
        case sendClose(Disconnect, CloseCode?)
        /// Nothing more is sent: leave the hub, shut down the sending side, and set the timer to `deadline`.
        case shutDownSending
        /// Leave the hub, and close the socket. The reason is that of a stream that ends with its socket; nil when its
        /// end was reported before.
        case closeSocket(Disconnect?)
    }

    var decoder: FrameDecoder
    var heartbeat: Heartbeat
    /// The end of the state; `never` while the stream is open.
    private var stateDeadline = Self.never
    /// On the monotonic clock, as a token's time advances while the process is stopped.
    private let tokenExpiresAt: MonotonicInstant
    var allowance: ByteAllowance
    private(set) var state = State.open

    private static let never = MonotonicInstant(nanoseconds: .max)

    /// An open stream, whose client receives messages from now on.
    package init(messageByteCountMax: Int, tokenExpiresAt: MonotonicInstant, at time: TurnTime) {
        decoder = FrameDecoder(endpoint: .server, messageByteCountMax: messageByteCountMax)
        heartbeat = Heartbeat(startedAt: time.now)
        allowance = ByteAllowance(at: time.now)
        self.tokenExpiresAt = tokenExpiresAt
    }

    /// Whether messages flow: the end of the stream was not reported.
    package var isOpen: Bool {
        switch state {
        case .open, .blocked: true
        case .closing, .awaitingClose, .flushing, .flushingHalfClosed, .lingering, .ended: false
        }
    }

    /// Whether the peer's frames are handled.
    package var isListening: Bool {
        switch state {
        case .open, .blocked, .closing, .awaitingClose: true
        case .flushing, .flushingHalfClosed, .lingering, .ended: false
        }
    }

    /// When `deadlinePassed` has something to do, on the clock of `time.now`. A pong makes it later without notice.
    package func deadline(_ waits: StreamWaits, at time: TurnTime) -> MonotonicInstant {
        switch state {
        case .open, .blocked:
            min(heartbeat.deadline(waits.heartbeat), time.deadline(at: tokenExpiresAt), stateDeadline)
        case .closing, .awaitingClose, .flushing, .flushingHalfClosed, .lingering, .ended:
            stateDeadline
        }
    }

    private mutating func become(_ next: State) {
        precondition(state.mayBecome(next), "a stream does not become so")
        state = next
    }
}

// MARK: - The end

extension StreamSession {
    /// The server closes the stream. A stream that has ended keeps its reason.
    package mutating func closeRequested(
        _ reason: Disconnect, _ waits: StreamWaits, at time: TurnTime
    ) -> Action {
        switch state {
        case .open, .blocked: end(.closing, reason, reason.codes.first, waits, time)
        case .closing, .awaitingClose, .flushing, .flushingHalfClosed, .lingering, .ended: .none
        }
    }

    /// Nothing more of the peer is handled: it closed, broke a rule or does not answer. `code` goes back to it.
    mutating func inputEnded(
        _ reason: Disconnect, _ code: CloseCode?, _ waits: StreamWaits, at time: TurnTime
    ) -> Action {
        switch state {
        case .open, .blocked:
            return end(.flushing, reason, code, waits, time)
        case .closing:
            become(.flushing)
            return .none
        case .awaitingClose:
            return linger(waits, time)
        case .flushing, .flushingHalfClosed, .lingering, .ended:
            preconditionFailure("the input of a stream ended twice")
        }
    }

    /// Our close frame was sent.
    package mutating func closeFrameSent(_ waits: StreamWaits, at time: TurnTime) -> Action {
        switch state {
        case .closing:
            become(.awaitingClose)
            return .none
        case .flushing:
            return linger(waits, time)
        case .flushingHalfClosed:
            return closeSocket(nil)
        case .lingering, .ended:
            // The report of the send comes at the end of the turn, and the connection may have ended in this turn.
            return .none
        case .open, .blocked, .awaitingClose:
            preconditionFailure("a close frame was sent that no one sent")
        }
    }

    /// The peer ended its side of the connection. A pending close frame is still sent, within its time.
    package mutating func peerEnded() -> Action {
        switch state {
        case .open, .blocked:
            return closeSocket(.clientGone)
        case .closing, .flushing:
            become(.flushingHalfClosed)
            return .none
        case .flushingHalfClosed:
            return .none
        case .awaitingClose, .lingering:
            return closeSocket(nil)
        case .ended:
            return .none
        }
    }

    /// A receive or a send failed, or the socket was closed.
    package mutating func connectionFailed() -> Action {
        switch state {
        case .open, .blocked: closeSocket(.connectionError)
        case .closing, .awaitingClose, .flushing, .flushingHalfClosed, .lingering: closeSocket(nil)
        case .ended: .none
        }
    }

    private mutating func end(
        _ next: State, _ reason: Disconnect, _ code: CloseCode?, _ waits: StreamWaits, _ time: TurnTime
    ) -> Action {
        become(next)
        stateDeadline = time.now + waits.close
        return .sendClose(reason, code)
    }

    private mutating func linger(_ waits: StreamWaits, _ time: TurnTime) -> Action {
        become(.lingering)
        stateDeadline = time.now + waits.linger
        return .shutDownSending
    }

    private mutating func closeSocket(_ reason: Disconnect?) -> Action {
        become(.ended)
        return .closeSocket(reason)
    }
}

// MARK: - Sends and time

extension StreamSession {
    /// The socket is full, and a send to it waits for room.
    package mutating func sendBlocked(_ waits: StreamWaits, at time: TurnTime) -> Action {
        switch state {
        case .open:
            become(.blocked)
            stateDeadline = time.now + waits.write
            return .setTimer
        case .blocked, .closing, .flushing, .flushingHalfClosed:
            return .none
        case .awaitingClose, .lingering, .ended:
            preconditionFailure("a send was blocked after the last frame")
        }
    }

    /// The socket took bytes, or has room again: the peer reads.
    package mutating func sendProgressed() {
        switch state {
        case .blocked:
            become(.open)
            stateDeadline = Self.never
        case .open, .closing, .awaitingClose, .flushing, .flushingHalfClosed, .lingering, .ended:
            break
        }
    }

    /// The timer fired. The input that had arrived before was handled: a pong in it counts.
    package mutating func timerFired(_ waits: StreamWaits, at time: TurnTime) -> Action {
        switch state {
        case .open, .blocked:
            if stateDeadline <= time.now { return closeSocket(.writeTimeout) }
            if tokenExpiresAt <= time.monotonic { return closeRequested(.tokenExpired, waits, at: time) }
            switch heartbeat.timerFired(at: time.now, waits.heartbeat) {
            case .sendPing: return .sendPing
            case .close: return inputEnded(.pongTimeout, Disconnect.pongTimeout.codes.first, waits, at: time)
            case .wait: return .setTimer
            }
        case .closing, .awaitingClose, .flushing, .flushingHalfClosed, .lingering:
            return stateDeadline <= time.now ? closeSocket(nil) : .setTimer
        case .ended:
            return .none
        }
    }
}

/// How long a stream waits for its peer. The same for all streams.
package struct StreamWaits: Sendable {
    /// For a pong, and from ping to ping.
    package let heartbeat: Heartbeat.Schedule
    /// For a full socket to take some bytes.
    package let write: Duration
    /// For our close frame to be sent and the peer's to arrive.
    package let close: Duration
    /// For the peer to end its side of the connection after ours.
    package let linger: Duration

    package init(heartbeat: Heartbeat.Schedule, write: Duration, close: Duration, linger: Duration) {
        self.heartbeat = heartbeat
        self.write = write
        self.close = close
        self.linger = linger
    }

    /// The waits of the streams of one of `count` reactors. The pings of a reactor go out in rounds, and the rounds of
    /// the reactors follow one another.
    package func ofReactor(_ index: Int, of count: Int) -> StreamWaits {
        let roundSpan = heartbeat.pingPeriod / Limits.pingRoundCount
        let schedule = Heartbeat.Schedule(
            pingPeriod: heartbeat.pingPeriod, pongWait: heartbeat.pongWait, roundSpan: roundSpan,
            roundPhase: roundSpan * index / count)
        return StreamWaits(heartbeat: schedule, write: write, close: close, linger: linger)
    }
}

/// The time of a turn of the reactor, on both of its clocks.
package struct TurnTime: Sendable {
    /// On the clock of deadlines, which leaves out the spans in which the reactor could not run.
    package let now: MonotonicInstant
    /// On the monotonic clock.
    package let monotonic: MonotonicInstant

    package init(now: MonotonicInstant, monotonic: MonotonicInstant) {
        self.now = now
        self.monotonic = monotonic
    }

    /// A time of the monotonic clock on the clock of deadlines, right as long as no more time is left out.
    func deadline(at instant: MonotonicInstant) -> MonotonicInstant {
        guard instant.nanoseconds != .max else { return instant }
        let leftOut = monotonic.nanoseconds - min(now.nanoseconds, monotonic.nanoseconds)
        return MonotonicInstant(nanoseconds: instant.nanoseconds - min(leftOut, instant.nanoseconds))
    }
}
