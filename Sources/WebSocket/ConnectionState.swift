/// The closing handshake (RFC 6455, sections 5.5.1 and 7): which frames an open connection may still send and receive,
/// and when its transport ends.
///
/// A value without I/O: the caller reports what happened and performs the returned action. It holds no payloads: the
/// caller keeps the payload of a ping or the reason of a close, and writes it when the action asks for it.
public struct ConnectionState: Hashable, Sendable {
    /// What the caller must do after an event.
    public enum Action: Hashable, Sendable {
        /// Deliver the data to the application.
        case deliver
        /// Drop what the peer sent.
        case ignore
        /// Send a pong with the payload of the ping.
        case sendPong
        /// Send a close frame, start the close timer, and read on until the peer's close frame arrives.
        case sendClose(CloseCode?)
        /// Send a close frame. Once it is written, close the transport: shut down the sending side, drop what the peer
        /// still sends, and end when the peer ends or the close timer fires. (Closing at once while bytes are unread
        /// would reset the connection, and the reset may overtake the close frame.)
        case sendCloseThenCloseTransport(CloseCode?)
        /// Send a close frame, start the close timer, and wait for the peer to close the transport.
        case sendCloseThenAwaitTransportClose(CloseCode?)
        /// Wait for the peer to close the transport, until the close timer fires.
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

        /// The close code of the ending; it may be one that is never on the wire.
        public var closeCode: CloseCode {
            switch self {
            case .closedLocally(let code), .closedByPeer(let code): code ?? .noStatusReceived
            case .failed(let error): error.closeCode
            case .transportLost: .abnormalClosure
            }
        }
    }

    /// The phase of the connection's life.
    private enum State: Hashable {
        /// Neither side has sent a close frame. Becomes `closeSent`, `closing` or `closed`.
        case open
        /// We sent a close frame and wait for the peer's. Becomes `closing` or `closed`.
        case closeSent(Ending)
        /// No more frames are sent or handled: both close frames are exchanged, or ours ended a connection whose peer
        /// broke the protocol or was given up. Only the transport is left. Becomes `closed`.
        case closing(Ending, isClean: Bool)
        /// The transport is closed, or the caller was asked to close it. Final.
        case closed(Ending, isClean: Bool)
    }

    private var state = State.open
    private let endpoint: Endpoint

    /// The state of a connection whose handshake has just ended.
    public init(endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    /// Whether messages may be sent: neither side has sent a close frame.
    public var isOpen: Bool { state == .open }

    /// Whether the peer's frames are still handled: its close frame has not arrived, and the connection has not failed.
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

    /// Whether we sent a close frame first and wait for the peer's.
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

    /// A ping arrived. Pings are answered until the peer's close frame arrives (section 5.5.2): control frames may
    /// follow our own close frame, data may not.
    public func pingReceived() -> Action {
        switch state {
        case .open, .closeSent: .sendPong
        case .closing, .closed: .ignore
        }
    }

    /// A pong arrived; `deliver` means to the heartbeat.
    public func pongReceived() -> Action {
        switch state {
        case .open: .deliver
        case .closeSent, .closing, .closed: .ignore
        }
    }

    /// The peer's close frame arrived. The answer carries the same code, or none when the peer's has none.
    public mutating func closeReceived(_ code: CloseCode?) -> Action {
        switch state {
        case .open:
            state = .closing(.closedByPeer(code), isClean: true)
            switch endpoint {
            case .server: return .sendCloseThenCloseTransport(code)
            case .client: return .sendCloseThenAwaitTransportClose(code)
            }
        case .closeSent(let ending):
            switch endpoint {
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
            switch endpoint {
            case .server: return .sendCloseThenCloseTransport(error.closeCode)
            case .client: return .sendCloseThenAwaitTransportClose(error.closeCode)
            }
        case .closeSent(let ending):
            // Our one close frame is sent, and after the error the peer's cannot be found in what it sends.
            state = .closed(ending, isClean: false)
            return .closeTransport
        case .closing, .closed:
            return .ignore
        }
    }
}

// MARK: - What happened on this side

extension ConnectionState {
    /// The application asked to close, or the server does so because it stops.
    ///
    /// - Precondition: `code` may be on the wire (`isValidOnWire`).
    public mutating func localCloseRequested(_ code: CloseCode?) -> Action {
        precondition(code?.isValidOnWire ?? true, "the code is not allowed on the wire")
        switch state {
        case .open:
            state = .closeSent(.closedLocally(code))
            return .sendClose(code)
        case .closeSent, .closing, .closed:
            return .ignore
        }
    }

    /// This side gave up on the peer. Its frames are no longer handled, its close frame included.
    ///
    /// - Precondition: `code` may be on the wire (`isValidOnWire`).
    public mutating func peerGivenUp(_ code: CloseCode) -> Action {
        precondition(code.isValidOnWire, "the code is not allowed on the wire")
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

    /// The close timer fired. While the connection is open, such a timer is stale and ignored.
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

    /// The transport ended: the peer closed it, or it failed.
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
