import Crypto
import FoundationEssentials
public import Primitives

/// Verifies tokens (RFC 7519, RFC 7515) and caches those that it verified until they expire.
///
/// One per reactor and confined to it: not `Sendable`, no lock, nothing suspends. A verification takes some tens of
/// microseconds, a cached one about one.
public final class TokenVerifier {
    private var settings: TokenSettings
    private var cache: TokenCache
    private let decoder = JSONDecoder()

    /// The counters of the cache.
    public var cacheStatistics: TokenCache.Statistics { cache.statistics }
    /// The number of cached tokens.
    public var cachedTokenCount: Int { cache.count }

    /// Creates a verifier with an empty cache.
    public init(settings: TokenSettings) {
        self.settings = settings
        cache = TokenCache(countMax: settings.cachedTokenCountMax)
    }

    /// Uses other keys from now on. Drops every cached token, because the old keys may have been withdrawn.
    public func replaceKeys(_ keys: KeySet) {
        settings.keys = keys
        cache = TokenCache(countMax: settings.cachedTokenCountMax)
    }

    /// The identity that `token` (the compact form, without `Bearer`) grants at the wall-clock time `now`.
    ///
    /// O(length); on a cache hit, one hash over the token. Throws the first problem, cheapest check first. Claims are
    /// checked only after the signature was verified.
    public func verify(_ token: String, now: Timestamp) throws(AuthError) -> Identity {
        let byteCount = token.utf8.count
        if byteCount == 0 { throw .missing }
        if byteCount > Limits.tokenByteCountMax { throw .tooLong }
        let bytes = Array(token.utf8)
        let digest = TokenDigest(SHA256.hash(data: bytes))
        if let identity = cache.identity(for: digest, now: now) { return identity }
        let identity = try verifyUncached(bytes, now: now)
        cache.insert(identity, for: digest, now: now)
        return identity
    }

    /// Drops up to `countMax` cached tokens that have expired; for a timer. O(`countMax`).
    public func removeExpired(now: Timestamp, countMax: Int = 256) {
        cache.removeExpired(now: now, countMax: countMax)
    }

    private func verifyUncached(_ token: [UInt8], now: Timestamp) throws(AuthError) -> Identity {
        try decodeClaims(signedPayload(of: token)).identity(settings: settings, now: now)
    }

    /// The payload of a token with a valid signature, whatever it contains (RFC 7515, section 5.2).
    func signedPayload(of token: [UInt8]) throws(AuthError) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        guard
            let headerEnd = token.firstIndex(of: dot),
            let claimsEnd = token[(headerEnd + 1)...].firstIndex(of: dot),
            !token[(claimsEnd + 1)...].contains(dot),
            let header = Base64URL.decode(token[..<headerEnd]),
            let claims = Base64URL.decode(token[(headerEnd + 1)..<claimsEnd]),
            let signature = Base64URL.decode(token[(claimsEnd + 1)...])
        else { throw .malformed }
        let key = try settings.keys.key(for: decodeHeader(header))
        if !key.isValid(signature, for: token[..<claimsEnd]) { throw .badSignature }
        return claims
    }

    private func decodeHeader(_ json: [UInt8]) throws(AuthError) -> TokenHeader {
        do {
            return try decoder.decode(TokenHeader.self, from: Data(json))
        } catch {
            throw .malformed
        }
    }

    private func decodeClaims(_ json: [UInt8]) throws(AuthError) -> TokenClaims {
        do {
            return try decoder.decode(TokenClaims.self, from: Data(json))
        } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
            throw .invalidClaim
        } catch {
            throw .malformed
        }
    }
}

/// The part of a token's header (RFC 7515, section 4.1) that determines how it is verified. Header members that offer a
/// key or its address (`jwk`, `jku`, `x5c`, `x5u`) are ignored: keys come only from the configuration.
struct TokenHeader: Decodable {
    let algorithm: String
    let keyID: String?
    let hasCritical: Bool

    private enum CodingKeys: String, CodingKey {
        case algorithm = "alg"
        case keyID = "kid"
        case critical = "crit"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        algorithm = try container.decode(String.self, forKey: .algorithm)
        keyID = try container.decodeIfPresent(String.self, forKey: .keyID)
        hasCritical = container.contains(.critical)
    }
}
