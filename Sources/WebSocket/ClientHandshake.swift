public import HTTPTypes
import Primitives

/// The client's side of the opening handshake (RFC 6455, section 4.1).
public struct ClientHandshake: Sendable {
    /// The value of `Sec-WebSocket-Key`: the base64 of 16 random bytes.
    public let key: String
    /// The subprotocols that the client offers, in order of preference.
    public let subprotocols: [String]

    /// A handshake with a new key; each connection needs its own.
    ///
    /// - Parameters:
    ///   - subprotocols: What the client offers; each a token, none twice.
    ///   - generator: The source of the key; it should be unpredictable.
    public init(subprotocols: [String] = [], using generator: inout some RandomNumberGenerator) {
        let halves: [UInt64] = [generator.next(), generator.next()]
        let bytes = halves.flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(8 * $0)) }
        }
        self.init(key: Base64.text(of: bytes), subprotocols: subprotocols)
    }

    /// A handshake with a given key, for test vectors.
    init(key: String, subprotocols: [String] = []) {
        precondition(subprotocols.allSatisfy(\.isToken) && Set(subprotocols).count == subprotocols.count)
        self.key = key
        self.subprotocols = subprotocols
    }

    /// Appends the request. O(n).
    ///
    /// - Parameters:
    ///   - host: The server's host, with the port unless it is the scheme's default.
    ///   - path: The path and query.
    ///   - fields: The caller's fields, which follow those of the handshake: `Origin`, `Authorization`.
    ///   - output: The bytes to append to.
    /// - Precondition: `host` and `path` are visible ASCII without spaces.
    public func appendRequest(host: String, path: String, fields: HTTPFields = [:], to output: inout [UInt8]) {
        precondition((host + path).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "would break the request line")
        output += "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n".utf8
        output += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \(key)\r\n".utf8
        output += "Sec-WebSocket-Version: \(ServerHandshake.version)\r\n".utf8
        if !subprotocols.isEmpty {
            output += "Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))\r\n".utf8
        }
        output.appendFields(fields)
        output += "\r\n".utf8
    }

    /// Checks the response. Returns the subprotocol of the connection, or nil when the server chose none.
    ///
    /// - Throws: The first rule that the response breaks.
    public func accept(
        status: HTTPResponse.Status, fields: HTTPFields
    ) throws(ClientHandshakeError) -> String? {
        guard status == .switchingProtocols else { throw .refused(statusCode: status.code) }
        let upgrades = fields[values: .upgrade]
        guard upgrades.count == 1, let upgrade = upgrades.first, !upgrade.utf8.contains(UInt8(ascii: ",")),
            Self.lists("websocket", in: upgrade)
        else { throw .upgradeMissing }
        guard fields[values: .connection].contains(where: { Self.lists("upgrade", in: $0) }) else {
            throw .connectionUpgradeMissing
        }
        guard fields[values: .secWebSocketAccept] == [AcceptKey(for: key.utf8.span).text] else { throw .acceptKeyWrong }
        guard fields[.secWebSocketExtensions] == nil else { throw .extensionNotOffered }
        let chosen = fields[values: .secWebSocketProtocol]
        guard let subprotocol = chosen.first else { return nil }
        guard chosen.count == 1, subprotocols.contains(subprotocol) else { throw .subprotocolNotOffered }
        return subprotocol
    }

    /// Whether the value of a field lists the token, which is in lower case.
    private static func lists(_ token: String, in value: String) -> Bool {
        FieldList.contains(token.utf8.span, in: value.utf8.span)
    }
}

/// What is wrong with the response to a client's handshake (RFC 6455, section 4.1). The connection cannot be used.
public enum ClientHandshakeError: Error, Hashable, Sendable {
    /// The server did not switch protocols; the status is its reason.
    case refused(statusCode: Int)
    /// The `Upgrade` field is not `websocket`.
    case upgradeMissing
    /// No `Connection` field names `upgrade`.
    case connectionUpgradeMissing
    /// `Sec-WebSocket-Accept` does not match this handshake's key.
    case acceptKeyWrong
    /// The server chose an extension that was not offered.
    case extensionNotOffered
    /// The server chose a subprotocol that was not offered, or several.
    case subprotocolNotOffered
}
