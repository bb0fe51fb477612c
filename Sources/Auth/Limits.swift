/// Every bound of this module, in one place.
public enum Limits {
    /// The longest token that is looked at, in bytes of its compact form.
    public static let tokenByteCountMax = 8 * 1024
    /// The longest user identifier that a token may carry, in bytes of UTF-8.
    public static let userIDByteCountMax = 128
    /// A longer `name` claim is cut to this many bytes of UTF-8, at a character boundary.
    public static let nameByteCountMax = 256
    /// A longer `email` claim counts as absent, in bytes of UTF-8 (RFC 5321, section 4.5.3.1).
    public static let emailByteCountMax = 320
    /// The most that `exp` and `nbf` may be off by.
    public static let leewayMax: Duration = .seconds(60)
    /// How far `exp` and `nbf` may be off when nothing else is configured.
    public static let leewayDefault: Duration = .seconds(30)
    /// The shortest HS256 secret that production takes, in bytes (RFC 7518, section 3.2: the size of the hash).
    public static let secretByteCountMin = 32
    /// The largest JWKS that is read, in bytes.
    public static let keySetByteCountMax = 1024 * 1024
    /// The most keys that a JWKS may hold.
    public static let keyCountMax = 1024
    /// The smallest RSA modulus that is trusted, in bits (RFC 7518, section 3.3).
    public static let rsaModulusBitCountMin = 2048
    /// The verified tokens that one verifier remembers when nothing else is configured.
    public static let cachedTokenCountDefault = 16 * 1024
    /// The attempts a minute and key when nothing else is configured.
    public static let attemptCountDefault = 10
    /// The most attempts that a window may be configured to allow.
    public static let attemptCountMax = 255
    /// The keys that one attempt limiter remembers when nothing else is configured.
    public static let attemptKeyCountDefault = 64 * 1024
    /// The streams that one user may have open when nothing else is configured.
    public static let streamsPerUserDefault = 5
    /// The most streams a user that may be configured.
    public static let streamsPerUserMax = Int(UInt16.max)
}
