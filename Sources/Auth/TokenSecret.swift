internal import Digests

/// The shared secret of HS256: the unmodified bytes of a configured text.
///
/// Neither `print` nor a dump shows it; only its length is shown.
public struct TokenSecret: Sendable {
    /// HMAC-SHA256 with the secret, which is not kept in another form.
    let authenticator: HMACSHA256
    /// The length in bytes.
    public let byteCount: Int

    /// Takes the UTF-8 bytes of `text`; throws `.secretEmpty`.
    public init(_ text: String) throws(AuthConfigurationError) {
        let bytes = Array(text.utf8)
        if bytes.isEmpty { throw .secretEmpty }
        self.init(bytes: bytes)
    }

    /// Takes the bytes unmodified.
    init(bytes: [UInt8]) {
        authenticator = HMACSHA256(key: bytes.span)
        byteCount = bytes.count
    }

    /// Throws `.secretTooShort` when the secret is too short for production.
    public func requireProductionStrength() throws(AuthConfigurationError) {
        if byteCount < Limits.secretByteCountMin {
            throw .secretTooShort(byteCount: byteCount, byteCountMin: Limits.secretByteCountMin)
        }
    }
}

extension TokenSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Only the length.
    public var description: String { "secret of \(byteCount) bytes" }
    /// Only the length.
    public var debugDescription: String { description }
    /// Only the length.
    public var customMirror: Mirror { Mirror(self, children: ["byteCount": byteCount]) }
}
