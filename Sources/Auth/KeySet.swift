internal import Digests
import Primitives

/// The keys that verify tokens: a secret for HS256, public keys from a JWKS, or both.
///
/// An immutable value: load it once, pass it to every reactor, and replace it in each verifier to change keys at run
/// time. A token's `kid` selects the key, and the key determines the algorithm (RFC 8725, section 3.1): a token never
/// chooses how it is verified.
public struct KeySet: Sendable {
    /// The public keys by their `kid`. Keys of different types may share one (RFC 7517, section 4.5).
    let keysByID: [KeyID: [VerificationKey]]
    /// The only public key of a set without a secret. It verifies tokens without a `kid`.
    let soleKey: VerificationKey?
    let secretKey: VerificationKey?
    /// The number of keys of the JWKS that were skipped because they verify no tokens here (other algorithms,
    /// encryption keys).
    public let ignoredKeyCount: Int

    /// Creates a set with only a secret.
    public init(secret: TokenSecret) {
        keysByID = [:]
        soleKey = nil
        secretKey = VerificationKey(secret: secret)
        ignoredKeyCount = 0
    }

    init(secret: TokenSecret?, publicKeys: [(kid: String?, key: VerificationKey)], ignoredKeyCount: Int)
        throws(AuthConfigurationError)
    {
        var keysByID: [KeyID: [VerificationKey]] = [:]
        for (kid, key) in publicKeys {
            guard let kid else { continue }
            let id = KeyID(kid)
            if keysByID[id, default: []].contains(where: { $0.algorithm == key.algorithm }) {
                throw .duplicateKey(kid: kid)
            }
            keysByID[id, default: []].append(key)
        }
        self.keysByID = keysByID
        self.soleKey = secret == nil && publicKeys.count == 1 ? publicKeys.first?.key : nil
        self.secretKey = secret.map(VerificationKey.init(secret:))
        self.ignoredKeyCount = ignoredKeyCount
    }

    /// Selects the key for a token's header. A known `kid` selects its key; any other HS256 token is verified with the
    /// secret. An unknown `kid` and a refused algorithm are different errors, because only the former triggers a reload
    /// of the keys. O(1).
    func key(for header: TokenHeader) throws(AuthError) -> VerificationKey {
        if header.hasCritical { throw .unknownCritical }
        guard let algorithm = TokenAlgorithm(rawValue: header.algorithm) else { throw .algorithmRefused }
        if let kid = header.keyID, let candidates = keysByID[KeyID(kid)] {
            guard let key = candidates.first(where: { $0.algorithm == algorithm }) else { throw .algorithmRefused }
            return key
        }
        if let secretKey, algorithm == .hs256 { return secretKey }
        if header.keyID != nil && !(keysByID.isEmpty && soleKey == nil) { throw .unknownKey }
        if let soleKey {
            if soleKey.algorithm != algorithm { throw .algorithmRefused }
            return soleKey
        }
        throw secretKey == nil ? .unknownKey : .algorithmRefused
    }
}

/// The `kid` of a key, compared byte for byte.
typealias KeyID = Identifier<KeySet>

/// A key and its one algorithm.
struct VerificationKey: Sendable {
    private enum Material: Sendable {
        case secret(HMACSHA256)
        case publicKey(PublicKey)
    }

    private let material: Material

    init(secret: TokenSecret) {
        material = .secret(secret.authenticator)
    }

    init(_ publicKey: PublicKey) {
        material = .publicKey(publicKey)
    }

    var algorithm: TokenAlgorithm {
        switch material {
        case .secret: .hs256
        case .publicKey(let key): key.algorithm
        }
    }

    /// Whether this key made `signature` for `signed`; in constant time for the secret.
    func isValid(_ signature: Span<UInt8>, for signed: Span<UInt8>) -> Bool {
        switch material {
        case .secret(let authenticator): authenticator.isValid(signature, for: signed)
        case .publicKey(let key): key.isValid(signature, for: signed)
        }
    }
}

/// The accepted signature algorithms (RFC 7518, section 3.1, and RFC 8037); the raw value is the `alg`.
public enum TokenAlgorithm: String, Hashable, Sendable, CaseIterable {
    /// HMAC with SHA-256, with the secret.
    case hs256 = "HS256"
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// Ed25519.
    case edDSA = "EdDSA"
}
