/// What a verifier demands of a token. Immutable; shared by all reactors.
public struct TokenSettings: Sendable {
    /// The keys that signatures are checked with.
    public internal(set) var keys: KeySet
    /// The `iss` that a token must have, byte for byte; nil when any will do.
    public let issuer: String?
    /// What a token's `aud` must hold, byte for byte; nil when any will do.
    public let audience: String?
    /// How far `exp` and `nbf` may be off; 0 to 60 s.
    public let leeway: Duration
    /// The verified tokens that each verifier remembers; 0 remembers none.
    public let cachedTokenCountMax: Int

    /// Joins the parts; throws `.leewayOutOfRange` and `.emptyExpectation`. A negative cache size counts as 0.
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
