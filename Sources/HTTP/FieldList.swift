/// The value of a list-valued field (RFC 9110, section 5.6.1). Its commas and white space are looked for as bytes: in
/// characters a comma with a combining mark behind it would be another one.
package enum FieldList {
    /// The members of one field line in their order, without the white space around them; empty ones count for nothing.
    package static func members(of value: String) -> [Substring] {
        value.utf8.split(separator: ASCII.comma).compactMap { member in
            var member = member.drop(while: ASCII.isWhitespace)
            while let last = member.last, ASCII.isWhitespace(last) { member.removeLast() }
            return member.isEmpty ? nil : Substring(member)
        }
    }
}

extension StringProtocol {
    /// Byte equality but for the case of ASCII letters, as schemes, codings and other tokens are compared.
    package func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
}
