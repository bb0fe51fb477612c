package import WebSocket

/// Why a stream ends: one table of codes, reasons, metric labels and what clients do. Tests compare it with README.md and
/// the OpenAPI description.
package enum Disconnect: UInt8, CaseIterable, Sendable {
    /// The client closed the stream.
    case clientClosed
    /// The client's side of the connection ended without a close frame, or the client did not answer ours in time.
    case clientGone
    /// The client broke the WebSocket protocol, or sent too long a message.
    case protocolError
    /// The client answered no ping in time.
    case pongTimeout
    /// The client's socket took no byte within the write wait.
    case writeTimeout
    /// More messages waited for the client than allowed.
    case slowConsumer
    /// The server stops.
    case serverStopping
    /// The server stops, and another one, or itself after a restart, goes on.
    case serverRestarting
    /// The client sent more than its rate allows.
    case rateExceeded
    /// The token that opened the stream has expired.
    case tokenExpired
    /// The user is no longer a member of the shop.
    case membershipEnded
    /// The connection failed.
    case connectionError
    /// A newer stream of the user has the quota slot of this one.
    case replaced

    /// The label of the metric `websocket_disconnect_reasons`.
    package var label: String {
        switch self {
        case .clientClosed: "client_closed"
        case .clientGone: "client_gone"
        case .protocolError: "protocol_error"
        case .pongTimeout: "pong_timeout"
        case .writeTimeout: "write_timeout"
        case .slowConsumer: "slow_consumer"
        case .serverStopping: "server_stopping"
        case .serverRestarting: "server_restarting"
        case .rateExceeded: "rate_exceeded"
        case .tokenExpired: "token_expired"
        case .membershipEnded: "membership_ended"
        case .connectionError: "connection_error"
        case .replaced: "replaced"
        }
    }

    /// The codes of the close frame that the client gets: the first one, unless the fault of the client chooses another.
    /// Empty when it gets none, or its own code back.
    package var codes: [CloseCode] {
        switch self {
        case .clientClosed, .clientGone, .writeTimeout, .connectionError: []
        case .protocolError: [.protocolError, .invalidPayload, .messageTooBig]
        case .pongTimeout: [.internalError]
        case .slowConsumer: [.tooSlow]
        case .serverStopping: [.goingAway]
        case .serverRestarting: [.serviceRestart]
        case .rateExceeded: [.policyViolation]
        case .tokenExpired: [.tokenExpired]
        case .membershipEnded: [.membershipEnded]
        case .replaced: [.replaced]
        }
    }

    /// The reason in the close frame; empty for none.
    package var reason: String {
        switch self {
        case .clientClosed, .clientGone, .protocolError, .writeTimeout, .rateExceeded, .connectionError: ""
        case .pongTimeout: "no pong in time"
        case .slowConsumer: "too slow"
        case .serverStopping: "server stopping"
        case .serverRestarting: "server restarting, reconnect in \(Self.advisedReconnectSeconds) s"
        case .tokenExpired: "token expired"
        case .membershipEnded: "no longer a member"
        case .replaced: "replaced"
        }
    }

    /// What the client does then.
    package var advice: ClientAdvice {
        switch self {
        case .clientClosed, .membershipEnded, .replaced: .stop
        case .protocolError: .reportBug
        case .clientGone, .pongTimeout, .writeTimeout, .serverStopping, .connectionError: .reconnectWithBackoff
        case .serverRestarting: .reconnectAfterAdvisedDelay
        case .slowConsumer: .reconnect
        case .rateExceeded: .reconnectSlowly
        case .tokenExpired: .renewTokenThenReconnect
        }
    }

    /// Whether the close frame goes out after the messages that were published before it; else as soon as it can.
    package var followsMessages: Bool { self == .serverStopping || self == .serverRestarting }

    /// How long a client of a server that restarts waits before it reconnects. Streams end one after another, so that
    /// their clients come back in the same way.
    package static let advisedReconnectSeconds = 1
}

/// What a client does after its stream ended. A client that reconnects catches up on what it missed.
package enum ClientAdvice: CaseIterable, Sendable {
    case stop
    case reconnect
    case reconnectWithBackoff
    /// After the seconds that the close reason names, then with backoff.
    case reconnectAfterAdvisedDelay
    /// The same with longer delays: the server asks for less load.
    case reconnectSlowly
    case renewTokenThenReconnect
    /// Another attempt breaks the protocol again.
    case reportBug

    /// As the documentation says it.
    package var text: String {
        switch self {
        case .stop: "stop"
        case .reconnect: "reconnect, catch up"
        case .reconnectWithBackoff: "reconnect with backoff, catch up"
        case .reconnectAfterAdvisedDelay: "reconnect after the advised delay, catch up"
        case .reconnectSlowly: "reconnect with longer backoff, catch up"
        case .renewTokenThenReconnect: "get a new token, reconnect, catch up"
        case .reportBug: "report a bug, do not reconnect"
        }
    }
}

// The codes of this interface, from the range for applications (RFC 6455, section 7.4.2).
extension CloseCode {
    /// 4401: the token that opened the stream has expired.
    package static let tokenExpired = CloseCode(rawValue: 4401)
    /// 4403: the user is no longer a member of the shop.
    package static let membershipEnded = CloseCode(rawValue: 4403)
    /// 4408: the client read too slowly while messages waited for it.
    package static let tooSlow = CloseCode(rawValue: 4408)
    /// 4409: a newer stream of the user has the quota slot of this one.
    package static let replaced = CloseCode(rawValue: 4409)
}
