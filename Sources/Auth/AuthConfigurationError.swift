/// What is wrong with the token settings. Shown to the operator at start; never contains a secret.
public enum AuthConfigurationError: Error, Hashable, Sendable {
    /// Neither a secret nor a key set was given, so no token could be verified.
    case noKeys
    /// The secret is empty.
    case secretEmpty
    /// The secret is shorter than production requires.
    case secretTooShort(byteCount: Int, byteCountMin: Int)
    /// The leeway is negative or more than `Limits.leewayMax`.
    case leewayOutOfRange
    /// The key set's file cannot be read.
    case keySetUnreadable(path: String, reason: String)
    /// The key set is larger than `Limits.keySetByteCountMax` or has more than `Limits.keyCountMax` keys.
    case keySetTooLarge
    /// The key set is not the JSON that RFC 7517, section 5, describes.
    case keySetMalformed
    /// The key set has no key that verifies RS256, ES256 or EdDSA.
    case noUsableKey
    /// Two keys of the set have the same `kid` and algorithm.
    case duplicateKey(kid: String)
    /// The parameters of a key are not a valid key of its type.
    case invalidKey(kid: String)
    /// An RSA modulus of less than 2048 bits, or one that is known to be factored easily.
    case weakKey(kid: String)
    /// The configured issuer or audience is empty.
    case emptyExpectation
}

extension AuthConfigurationError: CustomStringConvertible {
    /// One line that says what is wrong and what is allowed.
    public var description: String {
        switch self {
        case .noKeys: "neither a secret nor a key set is configured"
        case .secretEmpty: "the secret is empty"
        case .secretTooShort(let byteCount, let byteCountMin):
            "the secret has \(byteCount) bytes; at least \(byteCountMin) are required"
        case .leewayOutOfRange: "the leeway must be from 0 to 60 seconds"
        case .keySetUnreadable(let path, let reason): "the key set \"\(path)\" cannot be read: \(reason)"
        case .keySetTooLarge:
            "the key set is too large: at most \(Limits.keySetByteCountMax) bytes and \(Limits.keyCountMax) keys"
        case .keySetMalformed: "the key set is not a JSON object with an array \"keys\" of objects (RFC 7517)"
        case .noUsableKey: "the key set holds no key for RS256, ES256 (P-256) or EdDSA (Ed25519)"
        case .duplicateKey(let kid): "the key set holds the key \"\(kid)\" twice"
        case .invalidKey(let kid): "the key \"\(kid)\" is not a valid key of its type"
        case .weakKey(let kid):
            "the key \"\(kid)\" is too weak: RSA needs at least 2048 bits, and not of the generator of CVE-2017-15361"
        case .emptyExpectation: "an issuer or audience that is configured must not be empty"
        }
    }
}
