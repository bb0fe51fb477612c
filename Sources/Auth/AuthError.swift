/// Why a token was refused. The table `row` has the code, metric label and text for each kind.
///
/// All of them are the client's fault and answered with 401. A retry with the same token fails again.
public enum AuthError: Error, Hashable, Sendable, CaseIterable {
    /// The request has no token.
    case missing
    /// The token is longer than `Limits.tokenByteCountMax`.
    case tooLong
    /// Not three parts of base64url with JSON objects in the first two.
    case malformed
    /// An algorithm that is not supported, is `none`, or does not match the key.
    case algorithmRefused
    /// The header marks extensions as critical; none is understood (RFC 7515, section 4.1.11).
    case unknownCritical
    /// No configured key has the token's `kid`.
    case unknownKey
    /// The key did not make the signature.
    case badSignature
    /// A required claim is absent: `exp`, the user, or a configured `iss` or `aud`.
    case missingClaim
    /// A claim has the wrong type, or is a user identifier that no user can have.
    case invalidClaim
    /// `exp` has passed.
    case expired
    /// `nbf` is in the future.
    case notYetValid
    /// `iss` is not the configured issuer.
    case wrongIssuer
    /// `aud` does not contain the configured audience.
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
            Row(code: "token_wrong_audience", label: "wrong_audience", text: "the token is for another audience")
        }
    }

    /// The stable code that clients may compare.
    public var code: String { row.code }
    /// The value of the `reason` label in metrics.
    public var metricLabel: String { row.label }
    /// One line for people; never contains any part of the token.
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
