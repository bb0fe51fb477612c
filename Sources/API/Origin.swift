/// An origin as a client serialises it (RFC 6454, section 6.2): `scheme "://" host [ ":" port ]`, or `null`.
///
/// Two origins are equal when their schemes and hosts are equal, ignoring case, and their ports are equal. A scheme's
/// default port equals no port. Packaged apps have schemes of their own (`capacitor://localhost`), which have no
/// default port.
public struct Origin: Hashable, Sendable {
    /// The origin in lower case, without a default port. ASCII, so that equal texts have equal bytes.
    public let text: String

    /// Reads an origin; nil when `text` is not one. A path, a user, a wildcard, a space or a list is not part of an
    /// origin.
    public init?(_ text: String) {
        let bytes = Array(text.utf8).map { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }
        guard bytes != Array("null".utf8) else {
            self.text = "null"
            return
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(bytes[..<colon]),
            bytes[colon...].starts(with: "://".utf8)
        else { return nil }
        let scheme = String(decoding: bytes[..<colon], as: UTF8.self)
        guard let (host, port) = Self.authority(bytes[(colon + 3)...]) else { return nil }
        let defaultPort = Self.defaultPort(of: scheme)
        // Schemes that name a server need a host; `file://`, which some web views send, has none.
        guard !host.isEmpty || (defaultPort == nil && port == nil) else { return nil }
        let suffix = port == nil || port == defaultPort ? "" : ":\(port ?? 0)"
        self.text = "\(scheme)://\(String(decoding: host, as: UTF8.self))\(suffix)"
    }

    private static func defaultPort(of scheme: String) -> UInt16? {
        switch scheme {
        case "http", "ws": 80
        case "https", "wss": 443
        default: nil
        }
    }

    /// `ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )` (RFC 3986, section 3.1)
    private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, first &- UInt8(ascii: "a") < 26 else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || "+-.".utf8.contains($0) }
    }

    /// The host and the port of the bytes after the slashes; nil when there is anything else.
    private static func authority(_ bytes: ArraySlice<UInt8>) -> (host: ArraySlice<UInt8>, port: UInt16?)? {
        var hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        if bytes.first == UInt8(ascii: "[") {
            guard let closing = bytes.firstIndex(of: UInt8(ascii: "]")), closing > bytes.startIndex + 2,
                bytes[bytes.startIndex + 1..<closing].allSatisfy({ isHexadecimal($0) || ":.".utf8.contains($0) })
            else { return nil }
            hostEnd = closing + 1
        } else {
            guard bytes[..<hostEnd].allSatisfy({ isAlphanumeric($0) || "-._~".utf8.contains($0) }) else { return nil }
        }
        guard hostEnd < bytes.endIndex else { return (bytes, nil) }
        let digits = bytes[(hostEnd + 1)...]
        guard bytes[hostEnd] == UInt8(ascii: ":"), (1...5).contains(digits.count),
            digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
            let port = UInt16(String(decoding: digits, as: UTF8.self))
        else { return nil }
        return (bytes[..<hostEnd], port)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 6 || byte &- UInt8(ascii: "0") < 10
    }
}
