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

/// A comma-separated list in the value of a field (RFC 9110, section 5.6.1). Empty elements are skipped.
enum FieldList {
    /// The elements without surrounding white space, as ranges of the value. Allocates.
    static func elements(of value: Span<UInt8>) -> [Range<Int>] {
        var elements: [Range<Int>] = []
        forEachElement(of: value) { elements.append($0) }
        return elements
    }

    /// Whether an element is the token, which is in lower case. ASCII letters match in either case. O(bytes).
    static func contains(_ token: Span<UInt8>, in value: Span<UInt8>) -> Bool {
        var isFound = false
        forEachElement(of: value) { element in
            isFound = isFound || isEqual(value.extracting(element), ignoringCase: token)
        }
        return isFound
    }

    @inline(__always)
    private static func forEachElement(of value: Span<UInt8>, _ body: (Range<Int>) -> Void) {
        var start = 0
        while start < value.count {
            var end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
            let next = end + 1
            while start < end, isWhiteSpace(value[start]) { start += 1 }
            while start < end, isWhiteSpace(value[end - 1]) { end -= 1 }
            if start < end { body(start..<end) }
            start = next
        }
    }

    private static func isEqual(_ bytes: Span<UInt8>, ignoringCase token: Span<UInt8>) -> Bool {
        guard bytes.count == token.count else { return false }
        for index in bytes.indices {
            let byte = bytes[index]
            let isUpperCase = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            guard (isUpperCase ? byte | 0x20 : byte) == token[index] else { return false }
        }
        return true
    }

    /// Optional white space (RFC 9110, section 5.6.3).
    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
