import Primitives

/// The claims of a token (RFC 7519, section 4.1) that are checked, with the rules that they must meet.
struct TokenClaims: Decodable {
    let subject: String?
    let userID: String?
    let name: String?
    let email: String?
    let issuer: String?
    let audiences: [String]?
    /// Seconds since the epoch; may have a fraction (RFC 7519, section 2, NumericDate).
    let expiresAtSeconds: Double?
    let notBeforeSeconds: Double?

    private enum CodingKeys: String, CodingKey {
        case subject = "sub"
        case userID = "user_id"
        case name
        case email
        case issuer = "iss"
        case audience = "aud"
        case expiresAt = "exp"
        case notBefore = "nbf"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        subject = try container.decodeIfPresent(String.self, forKey: .subject)
        // Decoded only in the absence of `sub`, so that an unrelated `user_id` of another type does no harm.
        userID = subject == nil ? try container.decodeIfPresent(String.self, forKey: .userID) : nil
        name = try? container.decodeIfPresent(String.self, forKey: .name)
        email = try? container.decodeIfPresent(String.self, forKey: .email)
        issuer = try container.decodeIfPresent(String.self, forKey: .issuer)
        if let one = try? container.decodeIfPresent(String.self, forKey: .audience) {
            audiences = [one]
        } else {
            audiences = try container.decodeIfPresent([String].self, forKey: .audience)
        }
        expiresAtSeconds = try container.decodeIfPresent(Double.self, forKey: .expiresAt)
        notBeforeSeconds = try container.decodeIfPresent(Double.self, forKey: .notBefore)
    }
}

extension TokenClaims {
    /// The identity that the claims grant at `now`; throws the first rule that they break.
    func identity(settings: TokenSettings, now: Timestamp) throws(AuthError) -> Identity {
        guard let expiresAtSeconds else { throw .missingClaim }
        let nowSeconds = Double(now.microsecondsSinceEpoch) / 1_000_000
        let leewaySeconds = Double(settings.leeway.wholeNanoseconds) / 1_000_000_000
        if nowSeconds >= expiresAtSeconds + leewaySeconds { throw .expired }
        if let notBeforeSeconds, nowSeconds < notBeforeSeconds - leewaySeconds { throw .notYetValid }
        if let wanted = settings.issuer {
            guard let issuer else { throw .missingClaim }
            if !Self.areSameBytes(issuer, wanted) { throw .wrongIssuer }
        }
        if let wanted = settings.audience {
            guard let audiences else { throw .missingClaim }
            if !audiences.contains(where: { Self.areSameBytes($0, wanted) }) { throw .wrongAudience }
        }
        return Identity(
            userID: try validUserID(),
            name: name.flatMap(Self.displayName(_:)),
            email: email.flatMap { $0.isEmpty || $0.utf8.count > Limits.emailByteCountMax ? nil : $0 },
            expiresAt: Self.timestamp(fromSeconds: expiresAtSeconds + leewaySeconds)
        )
    }

    private func validUserID() throws(AuthError) -> UserID {
        guard let text = subject ?? userID else { throw .missingClaim }
        if !Self.isValidUserID(text) { throw .invalidClaim }
        return UserID(text)
    }

    /// Whether `text` is a valid user identifier: 1 to 128 bytes without control characters.
    static func isValidUserID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= Limits.userIDByteCountMax && !text.utf8.contains(where: isControl)
    }

    /// `name` if it is displayable: without control characters, truncated to the limit at a character boundary.
    private static func displayName(_ name: String) -> String? {
        if name.isEmpty || name.utf8.contains(where: isControl) { return nil }
        if name.utf8.count <= Limits.nameByteCountMax { return name }
        var byteCount = 0
        let cut = name.prefix { character in
            byteCount += character.utf8.count
            return byteCount <= Limits.nameByteCountMax
        }
        return cut.isEmpty ? nil : String(cut)
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7f }

    /// `String` equality is canonical equivalence; issuers are compared byte for byte.
    private static func areSameBytes(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

    /// Clamped to the range of a timestamp, so that an absurd `exp` is far in the future instead of a trap.
    private static func timestamp(fromSeconds seconds: Double) -> Timestamp {
        let microseconds = seconds * 1_000_000
        if microseconds >= Double(Timestamp.latest.microsecondsSinceEpoch) { return .latest }
        if microseconds <= Double(Timestamp.earliest.microsecondsSinceEpoch) { return .earliest }
        return Timestamp(microsecondsSinceEpoch: Int64(microseconds))
    }
}
