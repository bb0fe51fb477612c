extension StringProtocol {
    /// Whether this is a token: one or more of the letters, digits and signs of RFC 9110, section 5.6.2.
    var isToken: Bool {
        !utf8.isEmpty && utf8.allSatisfy(\.isTokenByte)
    }
}

extension Span<UInt8> {
    /// Whether this is a token: one or more of the letters, digits and signs of RFC 9110, section 5.6.2.
    var isToken: Bool {
        guard !isEmpty else { return false }
        for index in indices where !self[index].isTokenByte { return false }
        return true
    }
}

extension UInt8 {
    fileprivate var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
