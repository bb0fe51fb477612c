internal import JSON

/// The part of a token's header (RFC 7515, section 4.1) that determines how it is verified. Header members that offer a
/// key or its address (`jwk`, `jku`, `x5c`, `x5u`) are ignored: keys come only from the configuration.
struct TokenHeader {
    let algorithm: String
    let keyID: String?
    let hasCritical: Bool

    /// The index of each member in `names`.
    private enum Index {
        static let algorithm = 0
        static let keyID = 1
        static let critical = 2
    }

    private static let names = ["alg", "kid", "crit"].map(JSONMember.Name.init)

    /// Reads a header from its JSON. Throws `.malformed`.
    init(_ json: Span<UInt8>) throws(AuthError) {
        let members = try TokenMembers(json, names: Self.names)
        let algorithm = try members.text(Index.algorithm, in: json, ofWrongType: .malformed)
        let keyID = try members.text(Index.keyID, in: json, ofWrongType: .malformed)
        guard let algorithm else { throw .malformed }
        self.algorithm = algorithm
        self.keyID = keyID
        hasCritical = members[Index.critical] != nil
    }
}
