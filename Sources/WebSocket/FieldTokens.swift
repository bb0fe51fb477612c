import HTTPTypes

/// The elements of a comma-separated field, over all the fields of that name (RFC 9110, section 5.6.1). Empty elements
/// are skipped.
struct FieldTokens {
    /// The elements in their order, without surrounding white space.
    let elements: [Substring]

    /// Collects the elements; O(n).
    init(_ name: HTTPField.Name, in fields: HTTPFields) {
        elements = fields[values: name].flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ","))
                .map { Substring($0).trimmingOptionalWhiteSpace() }.filter { !$0.isEmpty }
        }
    }

    /// Whether one of the elements is `token`, which is lower case. Compares ASCII letters without their case.
    func contains(caseInsensitive token: StaticString) -> Bool {
        let token = "\(token)"
        return elements.contains { $0.equalsIgnoringASCIICase(token) }
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without the spaces and tabs at both ends (RFC 9110, section 5.6.3).
    func trimmingOptionalWhiteSpace() -> Substring {
        var rest = self[...]
        while rest.utf8.first.map(Self.isOptionalWhiteSpace) ?? false { rest = Substring(rest.utf8.dropFirst()) }
        while rest.utf8.last.map(Self.isOptionalWhiteSpace) ?? false { rest = Substring(rest.utf8.dropLast()) }
        return rest
    }

    private static func isOptionalWhiteSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

extension StringProtocol {
    /// Compares bytes, ignoring the case of ASCII letters.
    func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
        func folded(_ byte: UInt8) -> UInt8 {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
        return utf8.elementsEqual(other.utf8) { folded($0) == folded($1) }
    }

    /// Whether this is a token: one or more of the letters, digits and signs of RFC 9110, section 5.6.2.
    var isToken: Bool {
        !utf8.isEmpty && utf8.allSatisfy(\.isTokenByte)
    }
}

extension Span<UInt8> {
    /// Whether this is a token: one or more of the letters, digits and signs of RFC 9110, section 5.6.2.
    var isToken: Bool {
        guard !isEmpty else { return false }
        for index in indices where !self[index].isTokenByte { return false }
        return true
    }
}

extension UInt8 {
    fileprivate var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
