/// What a client does after its stream was closed.
public enum ClientAdvice: Hashable, Sendable, CaseIterable {
    /// Nothing: the end was agreed on.
    case done
    /// Reconnect after the advised delay, then catch up on what was missed.
    case reconnectThenCatchUp
    /// Reconnect with exponential backoff, then catch up.
    case reconnectWithBackoff
    /// The same with longer delays: the server asks for less load.
    case reconnectSlowly
    /// Get a new token first, then reconnect and catch up.
    case renewTokenThenReconnect
    /// Stop: another attempt has the same end.
    case stop
    /// Stop and report: the client's code broke the protocol, and a retry loop would break it again.
    case reportBug
}

extension CloseCode {
    /// A row of the table of close codes.
    public struct Entry: Sendable {
        /// The code.
        public let code: CloseCode
        /// A stable name for metrics and logs.
        public let label: StaticString
        /// What a client does.
        public let advice: ClientAdvice
    }

    /// Every code that this server sends, or that a client or a metric may show, in ascending order.
    public static let table: [Entry] = [
        Entry(code: .normal, label: "normal", advice: .done),
        Entry(code: .goingAway, label: "going_away", advice: .reconnectThenCatchUp),
        Entry(code: .protocolError, label: "protocol_error", advice: .reportBug),
        Entry(code: .unsupportedData, label: "unsupported_data", advice: .reportBug),
        Entry(code: .noStatusReceived, label: "no_status", advice: .done),
        Entry(code: .abnormalClosure, label: "abnormal", advice: .reconnectWithBackoff),
        Entry(code: .invalidPayload, label: "invalid_payload", advice: .reportBug),
        Entry(code: .policyViolation, label: "policy_violation", advice: .reconnectSlowly),
        Entry(code: .messageTooBig, label: "message_too_big", advice: .reportBug),
        Entry(code: .mandatoryExtension, label: "mandatory_extension", advice: .reportBug),
        Entry(code: .internalError, label: "internal_error", advice: .reconnectWithBackoff),
        Entry(code: .serviceRestart, label: "service_restart", advice: .reconnectThenCatchUp),
        Entry(code: .tryAgainLater, label: "try_again_later", advice: .reconnectSlowly),
        Entry(code: .badGateway, label: "bad_gateway", advice: .reconnectWithBackoff),
        Entry(code: .tokenExpired, label: "token_expired", advice: .renewTokenThenReconnect),
        Entry(code: .membershipEnded, label: "membership_ended", advice: .stop),
        Entry(code: .tooSlow, label: "too_slow", advice: .reconnectThenCatchUp),
        Entry(code: .replaced, label: "replaced", advice: .stop),
    ]

    /// The code's row, or nil for a code of somebody else. O(rows), no allocation.
    public var entry: Entry? {
        Self.table.first { $0.code == self }
    }
}
