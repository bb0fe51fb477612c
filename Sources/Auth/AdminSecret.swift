internal import Digests

/// The secret of the live view, which its requests carry as a bearer token.
///
/// A code of the secret is kept instead of the secret. Neither `print` nor a dump shows it.
public struct AdminSecret: Sendable {
    private static let authenticator = HMACSHA256(key: Array("shopstream admin secret".utf8).span)

    private let code: [UInt8]

    /// Takes a secret; nil unless it has `Limits.adminSecretByteCounts` visible characters of ASCII, which every client
    /// can send.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard Limits.adminSecretByteCounts.contains(bytes.count),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        let digest = Self.authenticator.code(for: bytes.span)
        code = digest.indices.map { digest[$0] }
    }

    /// Whether a text is the secret. The time depends on the length of the text only. O(n).
    public func isEqual(to text: Span<UInt8>) -> Bool {
        text.count <= Limits.adminSecretByteCounts.upperBound && Self.authenticator.isValid(code.span, for: text)
    }
}

extension AdminSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing of the secret.
    public var description: String { "secret" }
    /// Nothing of the secret.
    public var debugDescription: String { description }
    /// Nothing of the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
