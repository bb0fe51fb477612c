internal import Digests
import FoundationEssentials
public import Primitives

/// Makes HS256 tokens: for the command line, the demo and tests. A value; any thread.
public struct TokenMinter: Sendable {
    private struct Claims: Encodable {
        let sub: String
        let name: String?
        let iss: String?
        let aud: String?
        let iat: Int64
        let exp: Int64
    }

    private let secret: TokenSecret
    private let issuer: String?
    private let audience: String?

    /// Creates a minter that signs with `secret` and includes `issuer` and `audience` when they are given.
    public init(secret: TokenSecret, issuer: String? = nil, audience: String? = nil) {
        self.secret = secret
        self.issuer = issuer
        self.audience = audience
    }

    /// Mints a token for `userID` that is valid from `now` for `timeToLive`, in whole seconds and at least one.
    ///
    /// Throws `.invalidClaim` when a verifier would refuse the identifier.
    public func mint(
        userID: UserID, name: String? = nil, timeToLive: Duration, now: Timestamp
    ) throws(AuthError) -> String {
        if !TokenClaims.isValidUserID(userID.text) { throw .invalidClaim }
        let nowSeconds = now.microsecondsSinceEpoch / 1_000_000
        let (expiresAt, overflow) = nowSeconds.addingReportingOverflow(max(1, timeToLive.components.seconds))
        let latest = Timestamp.latest.microsecondsSinceEpoch / 1_000_000
        let claims = Claims(
            sub: userID.text, name: name, iss: issuer, aud: audience,
            iat: nowSeconds, exp: overflow ? latest : min(expiresAt, latest)
        )
        let json: Data
        do {
            json = try JSONEncoder().encode(claims)
        } catch {
            throw .invalidClaim
        }
        let signed =
            "\(Base64URL.encode(#"{"alg":"HS256","typ":"JWT"}"#.utf8.span)).\(Base64URL.encode(Array(json).span))"
        let signature = secret.authenticator.code(for: signed.utf8.span)
        return "\(signed).\(Base64URL.encode(signature.span))"
    }
}
