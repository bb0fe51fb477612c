internal import Digests
public import Primitives

/// Verifies tokens (RFC 7519, RFC 7515) and caches those that it verified until they expire.
///
/// One per reactor and confined to it: not `Sendable`, no lock, nothing suspends. A verification takes some tens of
/// microseconds, a cached one some tenths of one.
public final class TokenVerifier {
    private var settings: TokenSettings
    private var cache: TokenCache
    /// Its key is random, and secret like the tokens: with it, one could make bytes that have the tag of a token.
    private let hash = SipHash.random()

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
    /// O(length); on a cache hit, one hash over the token and no allocation. Throws the first problem, cheapest check
    /// first. Claims are checked only after the signature was verified.
    public func verify(_ token: Span<UInt8>, now: Timestamp) throws(AuthError) -> Identity {
        if token.isEmpty { throw .missing }
        if token.count > Limits.tokenByteCountMax { throw .tooLong }
        let tag = hash.tag(of: token)
        if let identity = cache.identity(for: tag, now: now) { return identity }
        let identity = try verifyUncached(token, now: now)
        cache.insert(identity, for: tag, now: now)
        return identity
    }

    /// The same for a token in a string.
    public func verify(_ token: String, now: Timestamp) throws(AuthError) -> Identity {
        let utf8 = token.utf8
        return try verify(utf8.span, now: now)
    }

    /// Drops up to `countMax` cached tokens that have expired; for a timer. O(`countMax`).
    public func removeExpired(now: Timestamp, countMax: Int = 256) {
        cache.removeExpired(now: now, countMax: countMax)
    }

    @inline(never)
    private func verifyUncached(_ token: Span<UInt8>, now: Timestamp) throws(AuthError) -> Identity {
        let payload = try signedPayload(of: token)
        return try TokenClaims(payload.span).identity(settings: settings, now: now)
    }

    /// The payload of a token with a valid signature, whatever it contains (RFC 7515, section 5.2).
    func signedPayload(of token: Span<UInt8>) throws(AuthError) -> [UInt8] {
        var dots: (first: Int, second: Int) = (-1, -1)
        for index in token.indices where token[index] == UInt8(ascii: ".") {
            if dots.second >= 0 { throw .malformed }
            if dots.first < 0 { dots.first = index } else { dots.second = index }
        }
        guard dots.second >= 0,
            let header = Base64URL.decode(token.extracting(..<dots.first)),
            let claims = Base64URL.decode(token.extracting((dots.first + 1)..<dots.second)),
            let signature = Base64URL.decode(token.extracting((dots.second + 1)...))
        else { throw .malformed }
        let key = try settings.keys.key(for: TokenHeader(header.span))
        if !key.isValid(signature.span, for: token.extracting(..<dots.second)) { throw .badSignature }
        return claims
    }
}
