/// Which frames an open connection may still send and take, and when its transport ends: the closing handshake
/// (RFC 6455, sections 5.5.1 and 7).
///
/// A value without I/O. Tell it what happened, do what it answers. It holds no payloads: who reports a ping or asks
/// for a close keeps the payload or the reason and writes it when told to.
public struct ConnectionState: Hashable, Sendable {
    /// What to do about an event.
    public enum Action: Hashable, Sendable {
        /// Give the data to the application.
        case deliver
        /// Drop what came; there is nothing to do.
        case ignore
        /// Send a pong with the payload of the ping.
        case sendPong
        /// Send a close frame, start the close timer, and go on reading until the peer's answer.
        case sendClose(CloseCode?)
        /// Send a close frame and, once it is written, close the transport: shut the sending side down, drop what
        /// still comes in, and end with the peer's end or the close timer. (To close at once with bytes unread would
        /// reset the connection, and the reset may overtake the close frame.)
        case sendCloseThenCloseTransport(CloseCode?)
        /// Send a close frame, start the close timer, and wait for the peer to close the transport.
        case sendCloseThenAwaitTransportClose(CloseCode?)
        /// Wait for the peer to close the transport, as long as the close timer allows.
        case awaitTransportClose
        /// Close the transport now.
        case closeTransport
    }

    /// What ended the connection, with the code for logs and metrics.
    public enum Ending: Hashable, Sendable {
        /// We closed, with this code.
        case closedLocally(CloseCode?)
        /// The peer closed, with this code.
        case closedByPeer(CloseCode?)
        /// The peer broke the protocol.
        case failed(WebSocketError)
        /// The transport ended without a close frame.
        case transportLost

        /// The code that stands for the ending, those that are never on the wire included.
        public var closeCode: CloseCode {
            switch self {
            case .closedLocally(let code), .closedByPeer(let code): code ?? .noStatusReceived
            case .failed(let error): error.closeCode
            case .transportLost: .abnormalClosure
            }
        }
    }

    /// Where the connection is in its life.
    private enum State: Hashable {
        /// No close frame went either way. Becomes `closeSent`, `closing` or `closed`.
        case open
        /// Ours went first and the peer's is awaited. Becomes `closing` or `closed`.
        case closeSent(Ending)
        /// Nothing more is said or listened to: both close frames are exchanged, or ours ended a connection whose
        /// peer broke the protocol. Only the transport is left. Becomes `closed`.
        case closing(Ending, isClean: Bool)
        /// The transport is closed, or told to. Final.
        case closed(Ending, isClean: Bool)
    }

    private var state = State.open
    private let role: Role

    /// An open connection, right behind the handshake.
    public init(role: Role) {
        self.role = role
    }

    /// Whether messages may be sent: no close frame went either way.
    public var isOpen: Bool { state == .open }

    /// Whether what the peer sends still means something: its close frame has not come, nor has the connection failed.
    public var isListening: Bool {
        switch state {
        case .open, .closeSent: true
        case .closing, .closed: false
        }
    }

    /// What ended the connection, or nil while it is open.
    public var ending: Ending? {
        switch state {
        case .open: nil
        case .closeSent(let ending): ending
        case .closing(let ending, isClean: _), .closed(let ending, isClean: _): ending
        }
    }

    /// Whether a close frame of ours went first and the peer's is awaited.
    public var isPeerCloseAwaited: Bool {
        switch state {
        case .closeSent: true
        case .open, .closing, .closed: false
        }
    }

    /// Whether both sides have sent a close frame (RFC 6455, section 7.1.4).
    public var isClean: Bool {
        switch state {
        case .open, .closeSent: false
        case .closing(_, let isClean), .closed(_, let isClean): isClean
        }
    }
}

// MARK: - What the peer sent

extension ConnectionState {
    /// A message, or a piece of one, arrived.
    public func dataReceived() -> Action {
        switch state {
        case .open: .deliver
        case .closeSent, .closing, .closed: .ignore
        }
    }

    /// A ping arrived. It is answered until the peer's close frame has come (section 5.5.2): control frames may follow
    /// our own close frame, data may not.
    public func pingReceived() -> Action {
        switch state {
        case .open, .closeSent: .sendPong
        case .closing, .closed: .ignore
        }
    }

    /// A pong arrived; to be delivered to the heartbeat.
    public func pongReceived() -> Action {
        switch state {
        case .open: .deliver
        case .closeSent, .closing, .closed: .ignore
        }
    }

    /// The peer's close frame arrived. It is answered with its own code, an empty one with an empty one.
    public mutating func closeReceived(_ code: CloseCode?) -> Action {
        switch state {
        case .open:
            state = .closing(.closedByPeer(code), isClean: true)
            switch role {
            case .server: return .sendCloseThenCloseTransport(code)
            case .client: return .sendCloseThenAwaitTransportClose(code)
            }
        case .closeSent(let ending):
            switch role {
            case .server:
                state = .closed(ending, isClean: true)
                return .closeTransport
            case .client:
                state = .closing(ending, isClean: true)
                return .awaitTransportClose
            }
        case .closing, .closed:
            return .ignore
        }
    }

    /// The decoder threw: the connection fails (section 7.1.7).
    public mutating func errorDetected(_ error: WebSocketError) -> Action {
        switch state {
        case .open:
            state = .closing(.failed(error), isClean: false)
            switch role {
            case .server: return .sendCloseThenCloseTransport(error.closeCode)
            case .client: return .sendCloseThenAwaitTransportClose(error.closeCode)
            }
        case .closeSent(let ending):
            // The one close frame is spent, and the peer's will not be found among what it sends.
            state = .closed(ending, isClean: false)
            return .closeTransport
        case .closing, .closed:
            return .ignore
        }
    }
}

// MARK: - What happened on this side

extension ConnectionState {
    /// The application, or the server on its way down, asked to close.
    ///
    /// - Precondition: `code` may stand on the wire (`isValidOnWire`).
    public mutating func localCloseRequested(_ code: CloseCode?) -> Action {
        precondition(code?.isValidOnWire ?? true, "the code must not stand on the wire")
        switch state {
        case .open:
            state = .closeSent(.closedLocally(code))
            return .sendClose(code)
        case .closeSent, .closing, .closed:
            return .ignore
        }
    }

    /// This side gave the peer up: nothing of it is listened to any more, not even its close frame.
    ///
    /// - Precondition: `code` may stand on the wire (`isValidOnWire`).
    public mutating func peerGivenUp(_ code: CloseCode) -> Action {
        precondition(code.isValidOnWire, "the code must not stand on the wire")
        switch state {
        case .open:
            state = .closing(.closedLocally(code), isClean: false)
            return .sendCloseThenCloseTransport(code)
        case .closeSent(let ending):
            state = .closed(ending, isClean: false)
            return .closeTransport
        case .closing, .closed:
            return .ignore
        }
    }

    /// The close timer ran out. A timer that fires while the connection is open is a stale one.
    public mutating func closeTimedOut() -> Action {
        switch state {
        case .open, .closed:
            return .ignore
        case .closeSent(let ending):
            state = .closed(ending, isClean: false)
            return .closeTransport
        case .closing(let ending, let isClean):
            state = .closed(ending, isClean: isClean)
            return .closeTransport
        }
    }

    /// The transport has ended, by the peer or by a fault.
    public mutating func transportClosed() -> Action {
        switch state {
        case .open:
            state = .closed(.transportLost, isClean: false)
        case .closeSent(let ending):
            state = .closed(ending, isClean: false)
        case .closing(let ending, let isClean):
            state = .closed(ending, isClean: isClean)
        case .closed:
            break
        }
        return .ignore
    }
}
