/// Why a token was refused. Each kind has its code, metric label and text in one table, `row`.
///
/// All of them are the client's fault and answered with 401; none is worth a retry with the same token.
public enum AuthError: Error, Hashable, Sendable, CaseIterable {
    /// No token came with the request.
    case missing
    /// The token is longer than `Limits.tokenByteCountMax`.
    case tooLong
    /// Not three parts of base64url with JSON objects in the first two.
    case malformed
    /// An algorithm that is not supported, is `none`, or is not the one that the key is for.
    case algorithmRefused
    /// The header marks extensions as critical; none is understood (RFC 7515, section 4.1.11).
    case unknownCritical
    /// No configured key answers to the token's `kid`.
    case unknownKey
    /// The signature is not the key's.
    case badSignature
    /// A claim that is required is absent: `exp`, the user, or a configured `iss` or `aud`.
    case missingClaim
    /// A claim has the wrong type, or is a user identifier that no user can have.
    case invalidClaim
    /// `exp` has passed.
    case expired
    /// `nbf` has not come.
    case notYetValid
    /// `iss` is not the configured issuer.
    case wrongIssuer
    /// `aud` does not hold the configured audience.
    case wrongAudience

    private struct Row {
        let code: String
        let label: String
        let text: String
    }

    private var row: Row {
        switch self {
        case .missing: Row(code: "token_missing", label: "missing", text: "a token is required")
        case .tooLong: Row(code: "token_too_long", label: "too_long", text: "the token is too long")
        case .malformed: Row(code: "token_malformed", label: "malformed", text: "the token is malformed")
        case .algorithmRefused:
            Row(code: "token_algorithm_refused", label: "algorithm_refused", text: "the token's algorithm is refused")
        case .unknownCritical:
            Row(code: "token_critical_unknown", label: "critical_unknown", text: "the token needs an unknown extension")
        case .unknownKey: Row(code: "token_key_unknown", label: "key_unknown", text: "the token's key is unknown")
        case .badSignature: Row(code: "token_bad_signature", label: "bad_signature", text: "the token is not genuine")
        case .missingClaim: Row(code: "token_claim_missing", label: "claim_missing", text: "the token lacks a claim")
        case .invalidClaim:
            Row(code: "token_claim_invalid", label: "claim_invalid", text: "a claim of the token is invalid")
        case .expired: Row(code: "token_expired", label: "expired", text: "the token has expired")
        case .notYetValid: Row(code: "token_not_yet_valid", label: "not_yet_valid", text: "the token is not valid yet")
        case .wrongIssuer: Row(code: "token_wrong_issuer", label: "wrong_issuer", text: "the token's issuer is refused")
        case .wrongAudience:
            Row(code: "token_wrong_audience", label: "wrong_audience", text: "the token is for somebody else")
        }
    }

    /// The stable code that clients may compare.
    public var code: String { row.code }
    /// The value of the `reason` label in metrics.
    public var metricLabel: String { row.label }
    /// One line for people; never holds any part of the token.
    public var message: String { row.text }
    /// The HTTP status: 401.
    public var httpStatus: Int { 401 }
    /// The value of `WWW-Authenticate` (RFC 6750, section 3): no error is named when no token was sent.
    public var challenge: String { self == .missing ? "Bearer" : "Bearer error=\"invalid_token\"" }
}

extension AuthError: CustomStringConvertible {
    /// The code.
    public var description: String { code }
}
