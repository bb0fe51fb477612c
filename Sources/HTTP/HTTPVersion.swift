/// The versions that this module supports.
public enum HTTPVersion: Hashable, Sendable {
    /// HTTP/1.0: the connection ends after the response unless the client asks for `keep-alive`; no chunks.
    case http10
    /// HTTP/1.1 and every later 1.x, which a recipient treats as 1.1 (RFC 9110, section 2.5).
    case http11

    /// The number of bytes of `HTTP/1.1`.
    static let byteCount = 8

    /// Parses `HTTP/1.x`. Throws `versionNotSupported` for other major versions and `malformed` for anything else.
    init(parsing bytes: Span<UInt8>, malformed: HTTPParseError) throws(HTTPParseError) {
        guard bytes.count == 8, ASCII.equals(bytes.extracting(0..<5), "HTTP/"), ASCII.isDigit(bytes[5]),
            bytes[6] == UInt8(ascii: "."), ASCII.isDigit(bytes[7])
        else { throw malformed }
        guard bytes[5] == UInt8(ascii: "1") else { throw .versionNotSupported }
        self = bytes[7] == UInt8(ascii: "0") ? .http10 : .http11
    }
}
