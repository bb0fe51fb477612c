import Primitives

/// What a request says about the opening handshake, gathered from the values of its fields (RFC 6455, section 4.2.1).
///
/// A value, which copies what it needs of the values. Heap memory only for the subprotocols that the client offers.
public struct HandshakeRequest: Sendable {
    /// The fields that the handshake reads.
    public enum Field: CaseIterable, Sendable {
        case upgrade, connection, transferEncoding, contentLength, key, version, subprotocols
    }

    let isGet: Bool
    let isHTTP11: Bool
    /// Whether `Upgrade` names `websocket`.
    private(set) var namesWebSocket = false
    /// Whether `Connection` names `upgrade`.
    private(set) var namesUpgrade = false
    private(set) var announcesBody = false
    private(set) var keyCount = 0
    /// The last key; nil when it is not the Base64 of 16 bytes.
    private(set) var key: Base64.TextOf16Bytes?
    private(set) var versionCount = 0
    private(set) var isVersionSupported = false
    /// The values of `Sec-WebSocket-Protocol` as one list; nil without such a field.
    private(set) var offers: [UInt8]?

    /// A request without fields.
    public init(isGet: Bool, isHTTP11: Bool) {
        self.isGet = isGet
        self.isHTTP11 = isHTTP11
    }

    /// Takes the value of a field line, without white space around it. The lines of a name come in their order. O(bytes).
    public mutating func add(_ field: Field, _ value: Span<UInt8>) {
        switch field {
        case .upgrade: namesWebSocket = namesWebSocket || FieldList.contains(Self.webSocket.span, in: value)
        case .connection: namesUpgrade = namesUpgrade || FieldList.contains(Self.upgrade.span, in: value)
        case .transferEncoding: announcesBody = true
        case .contentLength: announcesBody = announcesBody || !value.isEqual(to: Self.zero.span)
        case .key:
            keyCount += 1
            key = Base64.TextOf16Bytes(value)
        case .version:
            versionCount += 1
            isVersionSupported = value.isEqual(to: Self.version.span)
        case .subprotocols:
            var list = offers ?? []
            if offers != nil { list.append(UInt8(ascii: ",")) }
            list.append(contentsOf: value)
            offers = list
        }
    }

    private static let webSocket = Array("websocket".utf8)
    private static let upgrade = Array("upgrade".utf8)
    private static let zero = Array("0".utf8)
    private static let version = Array(ServerHandshake.version.utf8)
}
