internal import Auth
internal import HTTP

/// The token of an `Authorization` field (RFC 6750, section 2.1).
enum BearerToken {
    /// Where the token is in the value of the field: after the scheme and white space. Nil for another scheme.
    static func range(in value: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < value.count, !isWhiteSpace(value[start]) { start += 1 }
        guard value.extracting(0..<start).equalsIgnoringASCIICase("bearer") else { return nil }
        while start < value.count, isWhiteSpace(value[start]) { start += 1 }
        return start..<value.count
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

extension Context {
    /// The identity of the token of a head, by the current keys; of `other` when the head has none. Copies nothing,
    /// unless the field is repeated.
    func verifyToken(of head: RequestHead, or other: String?) throws(AuthError) -> Identity {
        if let value = head.value(of: .authorization), let token = BearerToken.range(in: value) {
            return try verify(value.extracting(token))
        }
        // Several fields are one list, which is no token.
        if let list = head[.authorization], BearerToken.range(in: list.utf8.span) != nil { throw .malformed }
        guard let other else { throw .missing }
        let utf8 = other.utf8
        return try verify(utf8.span)
    }
}
