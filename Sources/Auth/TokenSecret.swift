import Crypto

/// The shared secret of HS256: the bytes of a configured text, taken as they are.
///
/// It shows neither in `print` nor in a dump; only its length does.
public struct TokenSecret: Sendable {
    let key: SymmetricKey
    /// The length in bytes.
    public let byteCount: Int

    /// Takes the UTF-8 bytes of `text`; throws `.secretEmpty`.
    public init(_ text: String) throws(AuthConfigurationError) {
        let bytes = Array(text.utf8)
        if bytes.isEmpty { throw .secretEmpty }
        self.key = SymmetricKey(data: bytes)
        self.byteCount = bytes.count
    }

    /// Takes bytes as they are.
    init(bytes: [UInt8]) {
        key = SymmetricKey(data: bytes)
        byteCount = bytes.count
    }

    /// Throws `.secretTooShort` when production must not run with it.
    public func requireProductionStrength() throws(AuthConfigurationError) {
        if byteCount < Limits.secretByteCountMin {
            throw .secretTooShort(byteCount: byteCount, byteCountMin: Limits.secretByteCountMin)
        }
    }
}

extension TokenSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The length alone.
    public var description: String { "secret of \(byteCount) bytes" }
    /// The length alone.
    public var debugDescription: String { description }
    /// Nothing but the length.
    public var customMirror: Mirror { Mirror(self, children: ["byteCount": byteCount]) }
}
