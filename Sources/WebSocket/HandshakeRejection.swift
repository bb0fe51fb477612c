public import HTTPTypes

/// Why a request is not accepted as a WebSocket handshake (RFC 6455, section 4.2.1), in the order of the checks.
public enum HandshakeRejection: Error, Hashable, Sendable, CaseIterable {
    /// The method is not GET.
    case methodNotGet
    /// The protocol is older than HTTP/1.1.
    case protocolTooOld
    /// No `Upgrade` field names `websocket`.
    case upgradeMissing
    /// No `Connection` field names `upgrade`.
    case connectionUpgradeMissing
    /// The request announces a body, which could not be distinguished from the frames that follow.
    case bodyPresent
    /// There is no `Sec-WebSocket-Key`, or more than one.
    case keyMissingOrRepeated
    /// The key is not the base64 of 16 bytes.
    case keyMalformed
    /// There is no `Sec-WebSocket-Version`, or more than one.
    case versionMissingOrRepeated
    /// `Sec-WebSocket-Protocol` is not a list of distinct tokens, or has too many of them.
    case subprotocolsMalformed
    /// The version is not 13. The client may retry with version 13.
    case versionUnsupported
}

extension HandshakeRejection {
    /// The status of the response.
    public var status: HTTPResponse.Status {
        switch self {
        case .methodNotGet, .protocolTooOld, .upgradeMissing, .connectionUpgradeMissing, .bodyPresent,
            .keyMissingOrRepeated, .keyMalformed, .versionMissingOrRepeated, .subprotocolsMalformed:
            .badRequest
        case .versionUnsupported:
            .upgradeRequired
        }
    }

    /// The fields that the response must carry. With 426 these are the supported version (RFC 6455, section 4.4) and
    /// the protocol to upgrade to (RFC 9110, section 15.5.22).
    public var responseFields: HTTPFields {
        switch self {
        case .methodNotGet, .protocolTooOld, .upgradeMissing, .connectionUpgradeMissing, .bodyPresent,
            .keyMissingOrRepeated, .keyMalformed, .versionMissingOrRepeated, .subprotocolsMalformed:
            [:]
        case .versionUnsupported:
            [.secWebSocketVersion: ServerHandshake.version, .upgrade: "websocket"]
        }
    }

    /// A stable name for metrics, logs and the body of the response.
    public var label: StaticString {
        switch self {
        case .methodNotGet: "method_not_get"
        case .protocolTooOld: "protocol_too_old"
        case .upgradeMissing: "upgrade_missing"
        case .connectionUpgradeMissing: "connection_upgrade_missing"
        case .bodyPresent: "body_present"
        case .keyMissingOrRepeated: "key_missing_or_repeated"
        case .keyMalformed: "key_malformed"
        case .versionMissingOrRepeated: "version_missing_or_repeated"
        case .subprotocolsMalformed: "subprotocols_malformed"
        case .versionUnsupported: "version_unsupported"
        }
    }
}
