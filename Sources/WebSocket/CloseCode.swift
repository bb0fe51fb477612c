/// Why a connection was closed: the first two bytes of a close frame's payload (RFC 6455, section 7.4).
public struct CloseCode: RawRepresentable, Hashable, Sendable {
    /// The number, as on the wire.
    public let rawValue: UInt16

    /// Wraps any number; `isValidOnWire` says whether a frame may carry it.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Whether a close frame may carry the code. Allowed are the codes that the protocol defines for close frames, the
    /// codes registered since, and the ranges of libraries and applications. 1004 is reserved. 1005, 1006 and 1015
    /// denote closings without a code. The rest below 3000 is reserved for future versions (RFC 6455, section 7.4.2;
    /// IANA's registry).
    @inlinable
    public var isValidOnWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

extension CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    public static let normal = CloseCode(rawValue: 1000)
    /// 1001: the endpoint goes away: the server stops, or the user left the page.
    public static let goingAway = CloseCode(rawValue: 1001)
    /// 1002: the peer broke the protocol.
    public static let protocolError = CloseCode(rawValue: 1002)
    /// 1003: the endpoint does not accept this kind of message.
    public static let unsupportedData = CloseCode(rawValue: 1003)
    /// 1005: the close frame had no code. Never on the wire.
    public static let noStatusReceived = CloseCode(rawValue: 1005)
    /// 1006: the transport ended without a close frame. Never on the wire.
    public static let abnormalClosure = CloseCode(rawValue: 1006)
    /// 1007: text that is not UTF-8.
    public static let invalidPayload = CloseCode(rawValue: 1007)
    /// 1008: the peer violated a policy, here a rate limit.
    public static let policyViolation = CloseCode(rawValue: 1008)
    /// 1009: a message over the size limit.
    public static let messageTooBig = CloseCode(rawValue: 1009)
    /// 1010: the client needed an extension that the server did not negotiate.
    public static let mandatoryExtension = CloseCode(rawValue: 1010)
    /// 1011: the server failed.
    public static let internalError = CloseCode(rawValue: 1011)
    /// 1012: the server restarts.
    public static let serviceRestart = CloseCode(rawValue: 1012)
    /// 1013: the server is overloaded.
    public static let tryAgainLater = CloseCode(rawValue: 1013)
    /// 1014: a gateway received an invalid response from the server behind it.
    public static let badGateway = CloseCode(rawValue: 1014)
}

extension CloseCode: CustomStringConvertible {
    /// The number, with a name when the protocol or a registration gives it one: `1009 message_too_big`. Allocates.
    public var description: String { name.map { "\(rawValue) \($0)" } ?? "\(rawValue)" }

    private var name: StaticString? {
        switch self {
        case .normal: "normal"
        case .goingAway: "going_away"
        case .protocolError: "protocol_error"
        case .unsupportedData: "unsupported_data"
        case .noStatusReceived: "no_status"
        case .abnormalClosure: "abnormal"
        case .invalidPayload: "invalid_payload"
        case .policyViolation: "policy_violation"
        case .messageTooBig: "message_too_big"
        case .mandatoryExtension: "mandatory_extension"
        case .internalError: "internal_error"
        case .serviceRestart: "service_restart"
        case .tryAgainLater: "try_again_later"
        case .badGateway: "bad_gateway"
        default: nil
        }
    }
}
