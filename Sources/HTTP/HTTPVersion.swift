/// The versions that this module speaks.
public enum HTTPVersion: Hashable, Sendable {
    /// HTTP/1.0: connections end after the answer unless `keep-alive` is asked for; no chunks.
    case http10
    /// HTTP/1.1, and every later 1.x, which a recipient treats as 1.1 (RFC 9110, section 2.5).
    case http11

    /// The number of bytes of `HTTP/1.1`.
    static let byteCount = 8

    /// Reads `HTTP/1.x`; throws `versionNotSupported` for other majors and `malformed` for anything else.
    init(parsing bytes: Span<UInt8>, malformed: HTTPParseError) throws(HTTPParseError) {
        let prefix: StaticString = "HTTP/"
        guard bytes.count == Self.byteCount, ASCII.isDigit(bytes[5]), bytes[6] == UInt8(ascii: "."),
            ASCII.isDigit(bytes[7])
        else { throw malformed }
        var index = 0
        for byte in prefix.description.utf8 {
            guard bytes[index] == byte else { throw malformed }
            index += 1
        }
        guard bytes[5] == UInt8(ascii: "1") else { throw .versionNotSupported }
        self = bytes[7] == UInt8(ascii: "0") ? .http10 : .http11
    }
}
