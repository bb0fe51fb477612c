internal import JSON
import Primitives

/// The claims of a token (RFC 7519, section 4.1) that are checked, with the rules that they must meet.
struct TokenClaims {
    private(set) var userID: String?
    private(set) var name: String?
    private(set) var issuer: String?
    private(set) var audiences: [String]?
    /// Seconds since the epoch; may have a fraction (RFC 7519, section 2, NumericDate).
    private(set) var expiresAtSeconds: Double?
    private(set) var notBeforeSeconds: Double?

    /// The index of each claim in `names`.
    private enum Index {
        static let subject = 0
        static let userID = 1
        static let name = 2
        static let issuer = 3
        static let audience = 4
        static let expiresAt = 5
        static let notBefore = 6
    }

    private static let names = ["sub", "user_id", "name", "iss", "aud", "exp", "nbf"].map(JSONMember.Name.init)

    /// Reads the claims from their JSON. Throws `.malformed`, or `.invalidClaim` for a value of the wrong type.
    init(_ json: Span<UInt8>) throws(AuthError) {
        let members = try TokenMembers(json, names: Self.names)
        userID = try members.text(Index.subject, in: json)
        // Read only in the absence of `sub`, so that an unrelated `user_id` of another type does no harm.
        if userID == nil { userID = try members.text(Index.userID, in: json) }
        name = members[Index.name]?.text(in: json)
        issuer = try members.text(Index.issuer, in: json)
        audiences = try members.texts(Index.audience, in: json)
        expiresAtSeconds = try members.number(Index.expiresAt, in: json)
        notBeforeSeconds = try members.number(Index.notBefore, in: json)
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
            expiresAt: Self.timestamp(fromSeconds: expiresAtSeconds + leewaySeconds)
        )
    }

    private func validUserID() throws(AuthError) -> UserID {
        guard let text = userID else { throw .missingClaim }
        if !Self.isValidUserID(text) { throw .invalidClaim }
        return UserID(text)
    }

    /// Whether `text` is a valid user identifier: 1 to 128 bytes without control characters.
    static func isValidUserID(_ text: String) -> Bool {
        let utf8 = text.utf8
        guard (1...Limits.userIDByteCountMax).contains(utf8.count) else { return false }
        let bytes = utf8.span
        return !bytes.indices.contains { isControl(bytes[$0]) }
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
