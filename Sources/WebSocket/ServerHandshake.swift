public import HTTPTypes
import Primitives

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
    /// - Throws: The first rule that the request breaks.
    /// - Complexity: O(bytes of the offered subprotocols). Allocates only when there are any.
    public func accept(_ request: HandshakeRequest) throws(HandshakeRejection) -> AcceptedHandshake {
        guard request.isGet else { throw .methodNotGet }
        guard request.isHTTP11 else { throw .protocolTooOld }
        guard request.namesWebSocket else { throw .upgradeMissing }
        guard request.namesUpgrade else { throw .connectionUpgradeMissing }
        guard !request.announcesBody else { throw .bodyPresent }
        guard request.keyCount == 1 else { throw .keyMissingOrRepeated }
        guard let key = request.key else { throw .keyMalformed }
        guard request.versionCount == 1 else { throw .versionMissingOrRepeated }
        let subprotocol: String? = if let offers = request.offers { try chosen(of: offers.span) } else { nil }
        guard request.isVersionSupported else { throw .versionUnsupported }
        return AcceptedHandshake(acceptKey: AcceptKey(for: key.bytes.span), subprotocol: subprotocol)
    }

    /// The same for fields as texts; a name may occur several times. Allocates.
    public func accept(
        method: HTTPRequest.Method, fields: HTTPFields, isHTTP11: Bool
    ) throws(HandshakeRejection) -> AcceptedHandshake {
        var request = HandshakeRequest(isGet: method == .get, isHTTP11: isHTTP11)
        for field in HandshakeRequest.Field.allCases {
            for value in fields[values: field.name] { request.add(field, value.utf8.span) }
        }
        return try accept(request)
    }

    /// The first of our subprotocols that the client offers. The list of offers has one at least, and no token twice.
    private func chosen(of list: Span<UInt8>) throws(HandshakeRejection) -> String? {
        let offers = FieldList.elements(of: list)
        guard (1...WebSocketLimits.subprotocolOfferCountMax).contains(offers.count) else {
            throw .subprotocolsMalformed
        }
        for (index, offer) in offers.enumerated() {
            let token = list.extracting(offer)
            guard token.isToken, !offers[..<index].contains(where: { list.extracting($0).isEqual(to: token) }) else {
                throw .subprotocolsMalformed
            }
        }
        return subprotocols.first { subprotocol in
            offers.contains { list.extracting($0).isEqual(to: subprotocol.utf8.span) }
        }
    }
}

extension HandshakeRequest.Field {
    var name: HTTPField.Name {
        switch self {
        case .upgrade: .upgrade
        case .connection: .connection
        case .transferEncoding: .transferEncoding
        case .contentLength: .contentLength
        case .key: .secWebSocketKey
        case .version: .secWebSocketVersion
        case .subprotocols: .secWebSocketProtocol
        }
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
        output.reserveCapacity(output.count + Self.byteCountUsual)
        output.append(contentsOf: Self.start.span)
        acceptKey.append(to: &output)
        output += "\r\n".utf8
        if let subprotocol {
            output += "Sec-WebSocket-Protocol: \(subprotocol)\r\n".utf8
        }
        output.appendFields(fields)
        output += "\r\n".utf8
    }

    private static let start = Array(
        """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Accept:\u{20}
        """.utf8)
    /// Enough for a response with a subprotocol of ours and no further fields.
    private static let byteCountUsual = 192
}

extension [UInt8] {
    /// Appends fields in the form of an HTTP/1.1 head. `HTTPField` allows no line breaks in names and values.
    mutating func appendFields(_ fields: HTTPFields) {
        for field in fields {
            self += "\(field.name.rawName): \(field.value)\r\n".utf8
        }
    }
}
