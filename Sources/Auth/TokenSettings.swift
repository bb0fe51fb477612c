/// What a verifier requires of a token. Immutable; shared by all reactors.
public struct TokenSettings: Sendable {
    /// The keys that verify signatures.
    public internal(set) var keys: KeySet
    /// The `iss` that a token must have, byte for byte; nil accepts any.
    public let issuer: String?
    /// The value that a token's `aud` must contain, byte for byte; nil accepts any.
    public let audience: String?
    /// The tolerance for `exp` and `nbf`; 0 to 60 s.
    public let leeway: Duration
    /// The number of verified tokens that each verifier caches; 0 disables the cache.
    public let cachedTokenCountMax: Int

    /// Creates settings; throws `.leewayOutOfRange` and `.emptyExpectation`. A negative cache size counts as 0.
    public init(
        keys: KeySet,
        issuer: String? = nil,
        audience: String? = nil,
        leeway: Duration = Limits.leewayDefault,
        cachedTokenCountMax: Int = Limits.cachedTokenCountDefault
    ) throws(AuthConfigurationError) {
        guard leeway >= .zero, leeway <= Limits.leewayMax else { throw .leewayOutOfRange }
        if let issuer, issuer.isEmpty { throw .emptyExpectation }
        if let audience, audience.isEmpty { throw .emptyExpectation }
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self.leeway = leeway
        self.cachedTokenCountMax = max(0, cachedTokenCountMax)
    }
}
