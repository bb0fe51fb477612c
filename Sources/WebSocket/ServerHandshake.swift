public import HTTPTypes

/// The server's side of the opening handshake (RFC 6455, section 4.2).
public struct ServerHandshake: Sendable {
    /// The version of the protocol, as it stands in `Sec-WebSocket-Version`.
    public static let version = "13"

    /// The subprotocols that the server speaks, the preferred first.
    public let subprotocols: [String]

    /// A server of these subprotocols.
    ///
    /// - Precondition: Each is a token.
    public init(subprotocols: [String] = []) {
        precondition(subprotocols.allSatisfy(\.isToken))
        self.subprotocols = subprotocols
    }

    /// Judges a request. The `Host` field is left to the HTTP parser, `Origin` to admission.
    ///
    /// - Parameters:
    ///   - method: The request's method.
    ///   - fields: Its fields, names that occur several times included.
    ///   - isHTTP11: Whether its protocol is HTTP/1.1.
    /// - Throws: The first rule that it breaks.
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
            acceptKey: AcceptKey.text(for: key),
            // Swift compares strings by canonical equivalence, but tokens are ASCII, where that is byte equality.
            subprotocol: subprotocols.first { offers.contains($0[...]) }
        )
    }

    /// The distinct tokens that the client offers; none when it has no such field.
    private static func offeredSubprotocols(_ fields: HTTPFields) throws(HandshakeRejection) -> [Substring] {
        let offers = FieldTokens(.secWebSocketProtocol, in: fields).elements
        guard offers.count <= WebSocketLimits.subprotocolOfferCountMax else { throw .subprotocolsMalformed }
        guard !offers.isEmpty || fields[.secWebSocketProtocol] == nil else { throw .subprotocolsMalformed }
        guard offers.allSatisfy(\.isToken), Set(offers).count == offers.count else { throw .subprotocolsMalformed }
        return offers
    }
}

/// A handshake that the server takes: what its 101 response says.
public struct AcceptedHandshake: Hashable, Sendable {
    /// The value of `Sec-WebSocket-Accept`.
    public let acceptKey: String
    /// The subprotocol that the connection speaks, if the two sides agreed on one.
    public let subprotocol: String?

    /// Appends the 101 response, head and all; whatever follows it is frames. O(n).
    ///
    /// - Parameters:
    ///   - fields: Fields of the caller's own, behind those of the handshake.
    ///   - output: Where the bytes go.
    public func appendResponse(fields: HTTPFields = [:], to output: inout [UInt8]) {
        output += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".utf8
        output += "Sec-WebSocket-Accept: \(acceptKey)\r\n".utf8
        if let subprotocol {
            output += "Sec-WebSocket-Protocol: \(subprotocol)\r\n".utf8
        }
        output.appendFields(fields)
        output += "\r\n".utf8
    }
}

extension [UInt8] {
    /// Appends fields as they stand in an HTTP/1.1 head. `HTTPField` keeps line breaks out of names and values.
    mutating func appendFields(_ fields: HTTPFields) {
        for field in fields {
            self += "\(field.name.rawName): \(field.value)\r\n".utf8
        }
    }
}
