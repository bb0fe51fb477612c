internal import JSON

/// The members of a token's header or claims that are known. Others are checked for their grammar and skipped.
struct TokenMembers {
    /// The most names that may be known.
    private static let nameCountMax = 7

    /// By the index of the name.
    private var members = InlineArray<7, JSONMember?>(repeating: nil)

    /// Parses one JSON object. Throws `.malformed`, also for a name that occurs twice: which of the two another reader
    /// takes is not known (RFC 7515, section 4; RFC 7519, section 4). O(n), no allocation.
    init(_ json: Span<UInt8>, names: [JSONMember.Name]) throws(AuthError) {
        precondition(names.count <= Self.nameCountMax)
        do {
            try JSONMember.forEach(of: json) { member throws(JSONError) in
                guard let index = member.index(among: names, in: json) else { return }
                if members[index] != nil { throw .malformed }
                members[index] = member
            }
        } catch {
            throw .malformed
        }
    }

    /// The member with the name of that index; nil when it is absent.
    subscript(index: Int) -> JSONMember? { members[index] }

    /// The text of a member; nil when it is absent or null. Throws `wrongType` for another type.
    func text(
        _ index: Int, in json: Span<UInt8>, ofWrongType wrongType: AuthError = .invalidClaim
    ) throws(AuthError) -> String? {
        guard let member = members[index], !member.isNull else { return nil }
        guard member.isString else { throw wrongType }
        guard let text = member.text(in: json) else { throw .malformed }
        return text
    }

    /// A string as an array of one, or an array of strings; nil when it is absent or null. Throws `.invalidClaim`.
    func texts(_ index: Int, in json: Span<UInt8>) throws(AuthError) -> [String]? {
        guard let member = members[index], !member.isNull else { return nil }
        if let text = member.text(in: json) { return [text] }
        guard let texts = member.texts(in: json) else { throw .invalidClaim }
        return texts
    }

    /// A number; nil when it is absent or null. Throws `.invalidClaim` for another type, `.malformed` for a number that
    /// a `Double` cannot represent.
    func number(_ index: Int, in json: Span<UInt8>) throws(AuthError) -> Double? {
        guard let member = members[index], !member.isNull else { return nil }
        guard member.isNumber else { throw .invalidClaim }
        guard let number = member.number(in: json) else { throw .malformed }
        return number
    }
}
