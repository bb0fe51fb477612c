import HTTPTypes

/// Reads `name ":" OWS value OWS` (RFC 9112, section 5), strictly.
enum FieldLine {
    /// The field of a line that a `LineReader` has cut, so that it holds no control character but tabs. Copies.
    static func parse(_ line: Span<UInt8>) throws(HTTPParseError) -> HTTPField {
        let colon = try colonIndex(of: line)
        // The checks above leave only tokens, and tokens are ASCII: the guard is for the types.
        guard let text = ASCII.text(line.extracting(0..<colon)), let name = HTTPField.Name(text) else {
            throw .malformedFieldName
        }
        let rest = line.extracting(colon + 1..<line.count)
        let value = rest.extracting(ASCII.trimmed(rest))
        if let text = ASCII.text(value) {
            guard HTTPField.isValidValue(text) else { throw .malformedFieldValue }
            return HTTPField(name: name, value: text)
        }
        // Bytes above 127 that are no UTF-8 are allowed (obs-text) and kept as they are.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.count)
        for index in value.indices { bytes.append(value[index]) }
        guard HTTPField.isValidValue(bytes) else { throw .malformedFieldValue }
        return HTTPField(name: name, value: bytes)
    }

    /// Applies the rules of `parse` and makes nothing: for trailers, which are dropped.
    static func validate(_ line: Span<UInt8>) throws(HTTPParseError) {
        _ = try colonIndex(of: line)
    }

    private static func colonIndex(of line: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard !line.isEmpty, !ASCII.isWhitespace(line[0]) else { throw .obsoleteFolding }
        var index = 0
        while index < line.count, ASCII.isToken(line[index]) { index += 1 }
        guard index > 0, index < line.count else { throw .malformedFieldName }
        if line[index] == ASCII.colon { return index }
        while index < line.count, ASCII.isWhitespace(line[index]) { index += 1 }
        throw index < line.count && line[index] == ASCII.colon ? .whitespaceBeforeColon : .malformedFieldName
    }
}

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
