/// A field's value with parameters: `value; name=token; name="quoted"` (RFC 9110, section 5.6.6).
struct ParameterList {
    /// The text before the first semicolon, without surrounding white space.
    let value: String
    private var parameters: [(name: String, value: String)] = []

    /// Parses the text; nil when it is malformed or names a parameter twice.
    init?(_ text: String) {
        var rest = text.utf8[...]
        value = Self.trimmed(rest.prefix { $0 != ASCII.semicolon })
        guard !value.isEmpty else { return nil }
        rest = rest.drop { $0 != ASCII.semicolon }
        while rest.first == ASCII.semicolon {
            rest = rest.dropFirst().drop(while: ASCII.isWhitespace)
            // Many clients send a semicolon at the end; it is harmless.
            if rest.isEmpty { break }
            guard let parameter = Self.takeParameter(&rest) else { return nil }
            guard self[parameter.name] == nil else { return nil }
            parameters.append(parameter)
            rest = rest.drop(while: ASCII.isWhitespace)
        }
        guard rest.isEmpty else { return nil }
    }

    /// The value of the parameter `name`, which must be lower case.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    private static func takeParameter(_ rest: inout Substring.UTF8View) -> (name: String, value: String)? {
        let name = rest.prefix(while: ByteSet.token.contains)
        rest = rest.dropFirst(name.count)
        guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="),
            let value = rest.first == UInt8(ascii: "\"") ? takeQuoted(&rest) : takeToken(&rest)
        else { return nil }
        return (String(Substring(name)).lowercased(), value)
    }

    private static func takeToken(_ rest: inout Substring.UTF8View) -> String? {
        let token = rest.prefix { $0 != ASCII.semicolon && !ASCII.isWhitespace($0) }
        rest = rest.dropFirst(token.count)
        return token.isEmpty ? nil : String(Substring(token))
    }

    private static func takeQuoted(_ rest: inout Substring.UTF8View) -> String? {
        rest.removeFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                return String(validating: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped)
            default:
                bytes.append(byte)
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring.UTF8View) -> String {
        var text = text.drop(while: ASCII.isWhitespace)
        while let last = text.last, ASCII.isWhitespace(last) { text.removeLast() }
        return String(Substring(text))
    }
}
