public import HTTPTypes

/// The server's side of the opening handshake (RFC 6455, section 4.2).
public struct ServerHandshake: Sendable {
    /// The version of the protocol, as in `Sec-WebSocket-Version`.
    public static let version = "13"

    /// The subprotocols that the server supports, in order of preference.
    public let subprotocols: [String]

    /// The handshake of a server that supports these subprotocols.
    ///
    /// - Precondition: Each is a token.
    public init(subprotocols: [String] = []) {
        precondition(subprotocols.allSatisfy(\.isToken))
        self.subprotocols = subprotocols
    }

    /// Checks a request. The HTTP parser checks the `Host` field, and admission checks `Origin`.
    ///
    /// - Parameters:
    ///   - method: The request's method.
    ///   - fields: Its fields; a name may occur several times.
    ///   - isHTTP11: Whether its protocol is HTTP/1.1.
    /// - Throws: The first rule that the request breaks.
    /// - Complexity: O(bytes of the fields). Allocates.
    public func accept(
        method: HTTPRequest.Method, fields: HTTPFields, isHTTP11: Bool
    ) throws(HandshakeRejection) -> AcceptedHandshake {
        guard method == .get else { throw .methodNotGet }
        guard isHTTP11 else { throw .protocolTooOld }
        guard FieldTokens(.upgrade, in: fields).contains(caseInsensitive: "websocket") else { throw .upgradeMissing }
        guard FieldTokens(.connection, in: fields).contains(caseInsensitive: "upgrade") else {
            throw .connectionUpgradeMissing
        }
        guard fields[.transferEncoding] == nil, fields[values: .contentLength].allSatisfy({ $0 == "0" }) else {
            throw .bodyPresent
        }
        let keys = fields[values: .secWebSocketKey]
        guard keys.count == 1, let key = keys.first else { throw .keyMissingOrRepeated }
        guard Base64.isTextOf16Bytes(key) else { throw .keyMalformed }
        let versions = fields[values: .secWebSocketVersion]
        guard versions.count == 1, let version = versions.first else { throw .versionMissingOrRepeated }
        let offers = try Self.offeredSubprotocols(fields)
        guard version == Self.version else { throw .versionUnsupported }
        return AcceptedHandshake(
            acceptKey: AcceptKey(for: key.utf8.span),
            // Swift compares strings by canonical equivalence. Tokens are ASCII, for which that is byte equality.
            subprotocol: subprotocols.first { offers.contains($0[...]) }
        )
    }

    /// The distinct tokens that the client offers; empty when it sent no such field.
    private static func offeredSubprotocols(_ fields: HTTPFields) throws(HandshakeRejection) -> [Substring] {
        let offers = FieldTokens(.secWebSocketProtocol, in: fields).elements
        guard offers.count <= WebSocketLimits.subprotocolOfferCountMax else { throw .subprotocolsMalformed }
        guard !offers.isEmpty || fields[.secWebSocketProtocol] == nil else { throw .subprotocolsMalformed }
        guard offers.allSatisfy(\.isToken), Set(offers).count == offers.count else { throw .subprotocolsMalformed }
        return offers
    }
}

/// A handshake that the server accepts: the content of its 101 response.
public struct AcceptedHandshake: Hashable, Sendable {
    /// The value of `Sec-WebSocket-Accept`.
    public let acceptKey: AcceptKey
    /// The subprotocol of the connection, if the two sides agreed on one.
    public let subprotocol: String?

    /// Appends the whole 101 response; the bytes after it are frames. O(n).
    ///
    /// - Parameters:
    ///   - fields: The caller's fields, which follow those of the handshake.
    ///   - output: The bytes to append to.
    public func appendResponse(fields: HTTPFields = [:], to output: inout [UInt8]) {
        output += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".utf8
        output += "Sec-WebSocket-Accept: ".utf8
        acceptKey.append(to: &output)
        output += "\r\n".utf8
        if let subprotocol {
            output += "Sec-WebSocket-Protocol: \(subprotocol)\r\n".utf8
        }
        output.appendFields(fields)
        output += "\r\n".utf8
    }
}

extension [UInt8] {
    /// Appends fields in the form of an HTTP/1.1 head. `HTTPField` allows no line breaks in names and values.
    mutating func appendFields(_ fields: HTTPFields) {
        for field in fields {
            self += "\(field.name.rawName): \(field.value)\r\n".utf8
        }
    }
}
