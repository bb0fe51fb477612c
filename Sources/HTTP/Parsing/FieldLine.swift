import HTTPTypes

/// Parses `name ":" OWS value OWS` (RFC 9112, section 5) strictly.
enum FieldLine {
    /// The field of a line from a `LineReader`, which contains no control characters except tabs. Copies.
    static func parse(_ line: Span<UInt8>) throws(HTTPParseError) -> HTTPField {
        let colon = try colonIndex(of: line)
        let name = line.extracting(0..<colon)
        let rest = line.extracting(colon + 1..<line.count)
        guard let field = field(name, rest.extracting(ASCII.trimmed(rest))) else { throw .malformedFieldName }
        return field
    }

    /// The field of a name, a token, and a value without control characters but tabs. Bytes above 127 that are not
    /// UTF-8 are allowed (obs-text) and kept unchanged. Copies; never nil.
    static func field(_ name: Span<UInt8>, _ value: Span<UInt8>) -> HTTPField? {
        guard let text = ASCII.text(name), let name = HTTPField.Name(text) else { return nil }
        if let text = ASCII.text(value) { return HTTPField(name: name, value: text) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.count)
        for index in value.indices { bytes.append(value[index]) }
        return HTTPField(name: name, value: bytes)
    }

    /// Checks the field's name as `parse` does, and creates no field: for trailers, which are dropped.
    static func validate(_ line: Span<UInt8>) throws(HTTPParseError) {
        _ = try colonIndex(of: line)
    }

    /// The index of the colon after the name, which is a token. Throws for any other beginning of a field line.
    static func colonIndex(of line: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard !line.isEmpty, !ASCII.isWhitespace(line[0]) else { throw .obsoleteFolding }
        var index = ByteSet.token.end(in: line)
        guard index > 0, index < line.count else { throw .malformedFieldName }
        if line[index] == ASCII.colon { return index }
        while index < line.count, ASCII.isWhitespace(line[index]) { index += 1 }
        throw index < line.count && line[index] == ASCII.colon ? .whitespaceBeforeColon : .malformedFieldName
    }
}
