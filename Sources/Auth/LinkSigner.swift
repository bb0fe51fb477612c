internal import Digests
public import Primitives

/// Signs links with HMAC-SHA256 (RFC 2104). Any client may use a signed link until it expires. A value; any thread.
public struct LinkSigner: Sendable {
    /// The size of a key in bytes.
    public static let keyByteCount = 32

    private let authenticator: HMACSHA256

    /// Creates a signer with a key of `keyByteCount` random bytes. Nodes that share the key accept each other's links.
    public init(key: [UInt8]) {
        precondition(key.count == Self.keyByteCount, "a key of another size")
        authenticator = HMACSHA256(key: key.span)
    }

    /// The signature, in base64url, of a link to `name` in a shop that expires at `expiresAt`, in seconds since 1970.
    public func signature(shop: ShopID, name: String, expiresAt seconds: Int64) -> String {
        Base64URL.encode(authenticator.code(for: Self.message(shop, name, seconds).span).span)
    }

    /// Whether a signature belongs to that link, compared in constant time. Does not check the expiry.
    public func isValid(_ signature: String, shop: ShopID, name: String, expiresAt seconds: Int64) -> Bool {
        guard let code = Base64URL.decode(signature.utf8.span) else { return false }
        return authenticator.isValid(code.span, for: Self.message(shop, name, seconds).span)
    }

    /// The length comes first, so that no two pairs of shop and name produce the same bytes.
    private static func message(_ shop: ShopID, _ name: String, _ seconds: Int64) -> [UInt8] {
        Array("\(shop.text.utf8.count):\(shop.text)\(name)?\(seconds)".utf8)
    }
}
