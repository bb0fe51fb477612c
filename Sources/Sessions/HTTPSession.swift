package import HTTP
package import Primitives

/// The life of a connection that speaks HTTP/1.1, as one value: which bytes are read, how long each step may take, and
/// what follows a response (RFC 9112, sections 9.3 to 9.6).
///
/// One request at a time: those after it wait unread. The caller reports events in the past tense, with the time, and
/// performs the returned action. After each event it takes the change of the timer (`takeTimerChange`). A session does
/// no I/O, knows no connection and decides nothing about a request's content. Heap memory: the head and the body that
/// are being read, and the bytes that are being sent.
package struct HTTPSession {
    /// Each state names those that may follow it. All but `closed` may become `closed`: the peer ended the connection,
    /// or the server did.
    package enum State: Hashable, CaseIterable {
        /// The handshake of TLS is not complete, and nothing of it is ours → `idle`, `lingering` (it failed).
        case securing
        /// No byte of the next request has arrived → `readingHead`, `judging`, `responding`, `lingering`.
        case idle
        /// A head has arrived in part → `judging`, `responding` (malformed, or too late), `lingering` (only empty lines
        /// arrived).
        case readingHead
        /// A head is complete, and the caller decides about its body in this very call → `readingBody`,
        /// `awaitingKeys`, `admittingUpload`, `responding`.
        case judging
        /// The keys are being read that the request's token may need. Nothing is received → `judging`.
        case awaitingKeys
        /// The server decides whether the upload may begin. Nothing is received → `readingBody`, `responding`.
        case admittingUpload
        /// The body, which may be empty, is being read → `storingPiece`, `handling`, `responding`.
        case readingBody
        /// A piece of an upload is being written. Nothing is received → `readingBody`, `responding`.
        case storingPiece
        /// A handler works on the request. Nothing is received → `responding`.
        case handling
        /// A response is being sent → `idle`, `skippingBody`, `lingering`.
        case responding
        /// The last response was sent, and the rest of the body that it refused is read and dropped → `lingering`.
        case skippingBody
        /// Our side is shut down. Bytes are dropped until the peer shuts down its own: a close with unread bytes would
        /// reset the connection, and the reset could overtake the response.
        case lingering
        /// The socket is closed, or is being closed. Final.
        case closed

        /// Whether bytes of a request are expected.
        package var isReading: Bool {
            switch self {
            case .idle, .readingHead, .readingBody: true
            case .securing, .judging, .awaitingKeys, .admittingUpload, .storingPiece, .handling, .responding,
                .skippingBody, .lingering, .closed:
                false
            }
        }

        /// Whether the state may become `next`.
        func mayBecome(_ next: State) -> Bool {
            guard self != .closed else { return false }
            return switch (self, next) {
            case (_, .closed): true
            case (.securing, .idle), (.securing, .lingering): true
            case (.idle, .readingHead), (.idle, .judging), (.idle, .responding), (.idle, .lingering): true
            case (.readingHead, .judging), (.readingHead, .responding), (.readingHead, .lingering): true
            case (.judging, .readingBody), (.judging, .awaitingKeys), (.judging, .admittingUpload): true
            case (.judging, .responding), (.awaitingKeys, .judging): true
            case (.admittingUpload, .readingBody), (.admittingUpload, .responding): true
            case (.readingBody, .storingPiece), (.readingBody, .handling), (.readingBody, .responding): true
            case (.storingPiece, .readingBody), (.storingPiece, .responding), (.handling, .responding): true
            case (.responding, .idle), (.responding, .skippingBody), (.responding, .lingering): true
            case (.skippingBody, .lingering): true
            default: false
            }
        }
    }

    /// What the caller must do after an event.
    package enum Action: Hashable {
        /// Nothing.
        case none
        /// Receive more bytes, unless a receive is in flight.
        case receive
        /// Write the piece of the upload that has arrived, then report `pieceStored`.
        case storePiece
        /// Send the next part of the pending bytes (`sendNext`), then report `sendCompleted`.
        case send
        /// The bytes of the response so far were sent: produce more, then report `responseProduced`.
        case produce
        /// The request did not arrive in time: answer with 408.
        case respondTimeout
        /// The response was sent. Continue with the next request: its first bytes are `takeLeftover`, or else receive.
        case readNext
        /// The response was sent. Shut down the sending side if so, and receive.
        case skipBody(shutsDownSending: Bool)
        /// The response was sent, or there is none to send. Shut down the sending side, and receive.
        case linger
        /// Close the connection.
        case close(CloseCause)
    }

    /// Why a connection is closed.
    package enum CloseCause: Hashable {
        /// The peer ended it, it failed, or all was sent and read.
        case over
        /// The peer took too little of the response.
        case stalled
        /// No request began in time: the first of the connection, or the next one after a response.
        case noRequest(isFirst: Bool)
        /// The handshake of TLS was not complete in time.
        case notSecured
    }

    /// A change of the connection's one timer.
    package enum TimerChange: Hashable {
        case none
        case cancel
        /// Replace it by one at this time.
        case set(MonotonicInstant)
    }

    /// What happens to the bytes of a body.
    package enum BodyUse: Hashable {
        case drop
        /// They are gathered for the handler.
        case keep
        /// The caller takes them as they arrive.
        case upload
    }

    /// A caller that holds the session in a class reads this field only: a query of the session would copy all of it.
    package private(set) var state = State.idle
    /// Reads requests. When it rejected a head, it has the fields that were read before.
    package internal(set) var parser = RequestParser()
    var timerChange = TimerChange.none
    /// The head of the request that is being read; nil once it was handed to the handler or refused.
    var head: RequestHead?
    var bodyUse = BodyUse.drop
    var body: [UInt8] = []
    /// Whether the deadline of the body runs.
    var isBodyTimed = false
    /// Whether the client waits for `100 Continue` before it sends the body.
    var awaitsContinue = false
    /// Whether the request has waited for a read of the keys.
    var hasAwaitedKeys = false
    /// How fast an upload arrives.
    var arrival: ProgressWatch?
    /// Bytes after the request that is being handled.
    var leftover: [UInt8] = []
    /// The bytes that are being sent, and those that follow.
    var output = OutgoingBytes()
    /// How fast the peer takes the response.
    var progress: ProgressWatch?
    /// Whether the response has bytes that are not produced yet.
    var isProducing = false
    /// Whether the response is the last.
    var closesAfterResponse = false
    /// Whether a response was sent after which the connection continued.
    var hasResponded = false
    /// The body that was refused before its end, while the rest of it is read and dropped.
    var refusedBody: RefusedBody?
    /// Whether the server is stopping.
    var isDraining: Bool
    let keepAliveWait: Duration

    /// A connection that was accepted, which sends its first request soon, after the handshake of TLS if it `isSecuring`.
    ///
    /// - Parameter keepAliveWait: How long it may be idle between requests.
    package init(
        isSecuring: Bool = false, isDraining: Bool, keepAliveWait: Duration = Limits.keepAliveWait,
        at now: MonotonicInstant
    ) {
        self.isDraining = isDraining
        self.keepAliveWait = keepAliveWait
        if isSecuring { state = .securing }
        setFirstTimer(now)
    }

    /// A connection that was accepted when the stop had begun gets a response, if its request arrives soon.
    private mutating func setFirstTimer(_ now: MonotonicInstant) {
        setTimer(now + (isDraining ? Limits.lingerWait : Limits.headWait))
    }

    /// The handshake of TLS is complete: the first request is expected.
    package mutating func secured(at now: MonotonicInstant) {
        become(.idle, from: .securing)
        setFirstTimer(now)
    }

    /// The handshake of TLS failed. Its last bytes are sent, and the connection ends.
    package mutating func securingFailed(at now: MonotonicInstant) -> Action {
        precondition(state == .securing, "a handshake failed that was complete")
        return linger(now)
    }

    /// A connection whose request was accepted by another reactor, and is about to be refused by this one.
    package static func handling(
        isDraining: Bool, keepAliveWait: Duration = Limits.keepAliveWait, at now: MonotonicInstant
    ) -> HTTPSession {
        var session = HTTPSession(isDraining: isDraining, keepAliveWait: keepAliveWait, at: now)
        session.timerChange = .none
        session.state = .handling
        return session
    }

    /// Whether the request may wait for a read of the keys: it waits once.
    package var mayAwaitKeys: Bool { !hasAwaitedKeys }

    /// Takes the change of the timer since the last call.
    package mutating func takeTimerChange() -> TimerChange {
        defer { timerChange = .none }
        return timerChange
    }

    mutating func become(_ next: State) {
        precondition(state.mayBecome(next), "a connection does not become so")
        state = next
    }

    /// The same from one state only.
    mutating func become(_ next: State, from expected: State) {
        precondition(state == expected, "a decision at the wrong time")
        become(next)
    }

    mutating func setTimer(_ deadline: MonotonicInstant) { timerChange = .set(deadline) }
}

// MARK: - Time and the end

extension HTTPSession {
    /// The timer fired.
    package mutating func timerFired(at now: MonotonicInstant) -> Action {
        switch state {
        case .idle, .readingHead, .readingBody:
            if parser.isIdle { return close(.noRequest(isFirst: !hasResponded)) }
            if output.isInFlight { return close() }
            guard arrival?.isStalled(at: now) == false, let arrival else { return .respondTimeout }
            setTimer(arrival.deadline)
            return .none
        case .responding:
            // While the next piece is produced, the peer waits for the server.
            if !output.isInFlight { progress = ProgressWatch(at: now) }
            guard progress?.isStalled(at: now) == false, let progress else { return close(.stalled) }
            setTimer(progress.deadline)
            return .none
        case .securing:
            return close(.notSecured)
        case .skippingBody, .lingering:
            return close()
        case .judging, .awaitingKeys, .admittingUpload, .storingPiece, .handling, .closed:
            return .none
        }
    }

    /// The server stops: a connection that waits for another request ends, and the others after their response. One that
    /// has not sent its first request has a little time for it.
    package mutating func drainBegan(at now: MonotonicInstant) -> Action {
        isDraining = true
        switch state {
        case .idle where !hasResponded, .securing:
            // The request of a connection that was just accepted may be on its way.
            setTimer(now + Limits.lingerWait)
            return .none
        case .idle, .readingHead: return parser.isIdle && !output.isInFlight ? linger(now) : .none
        case .skippingBody: return linger(now)
        case .judging, .awaitingKeys, .admittingUpload, .readingBody, .storingPiece, .handling, .responding,
            .lingering, .closed:
            return .none
        }
    }

    /// The peer ended its side of the connection, the connection failed, or the server gives it up.
    package mutating func connectionEnded() -> Action { state == .closed ? .none : close() }

    mutating func close(_ cause: CloseCause = .over) -> Action {
        become(.closed)
        return .close(cause)
    }
}
