/// Every limit of this module, in one place.
public enum Limits {
    /// The longest token that is verified, in bytes of its compact form.
    public static let tokenByteCountMax = 8 * 1024
    /// The longest user identifier that a token may carry, in bytes of UTF-8.
    public static let userIDByteCountMax = 128
    /// A longer `name` claim is truncated to this many bytes of UTF-8, at a character boundary.
    public static let nameByteCountMax = 256
    /// The largest configurable tolerance for `exp` and `nbf`.
    public static let leewayMax: Duration = .seconds(60)
    /// The default tolerance for `exp` and `nbf`.
    public static let leewayDefault: Duration = .seconds(30)
    /// The shortest HS256 secret that production accepts, in bytes (RFC 7518, section 3.2: the size of the hash).
    public static let secretByteCountMin = 32
    /// The lengths of the live view's secret, in bytes.
    public static let adminSecretByteCounts = 16...256
    /// The largest JWKS that is read, in bytes.
    public static let keySetByteCountMax = 1024 * 1024
    /// The maximum number of keys in a JWKS.
    public static let keyCountMax = 1024
    /// The smallest RSA modulus that is accepted, in bits (RFC 7518, section 3.3).
    public static let rsaModulusBitCountMin = 2048
    /// The largest RSA modulus that is accepted, in bits: verifying takes time by its square.
    public static let rsaModulusBitCountMax = 16 * 1024
    /// The default number of verified tokens that one verifier caches.
    public static let cachedTokenCountDefault = 16 * 1024
    /// The default number of attempts per minute and key.
    public static let attemptCountDefault = 10
    /// The largest configurable number of attempts per window.
    public static let attemptCountMax = 255
    /// The default number of keys that one attempt limiter remembers.
    public static let attemptKeyCountDefault = 64 * 1024
    /// The default number of open streams per user.
    public static let streamsPerUserDefault = 5
    /// The largest configurable number of open streams per user.
    public static let streamsPerUserMax = Int(UInt16.max)
}
