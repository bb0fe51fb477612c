import HTTPTypes

/// Collects the field lines of a head, for responses and the parts of forms.
struct HeadReader: Sendable {
    /// The fields so far; between heads it has no storage.
    private(set) var fields: HTTPFields = [:]
    private var byteCount: UInt32 = 0

    /// Consumes lines up to the empty one; false when the input ended before it. O(bytes consumed).
    mutating func takeFields(
        _ input: Span<UInt8>,
        consumed: inout Int,
        lines: inout LineReader,
        limits: HTTPLimits
    ) throws(HTTPParseError) -> Bool {
        while true {
            let rule = LineReader.Rule(
                alphabet: .text,
                byteCountMax: max(0, Int(limits.fieldBytesMax - byteCount) - 2),
                tooLong: .fieldsTooLarge,
                foreignByte: .malformedFieldValue
            )
            let isFull = fields.count >= Int(limits.fieldCountMax)
            let line = try lines.withLine(in: input, consumed: &consumed, rule: rule) {
                (line: Span<UInt8>) throws(HTTPParseError) -> (field: HTTPField, byteCount: UInt32)? in
                if line.isEmpty { return nil }
                if isFull { throw .tooManyFields }
                return (try FieldLine.parse(line), UInt32(line.count) + 2)
            }
            guard let line else { return false }
            guard let (field, count) = line else { return true }
            byteCount += count
            fields.append(field)
        }
    }

    /// Returns the fields and resets the reader.
    mutating func finish() -> HTTPFields {
        let fields = fields
        self = HeadReader()
        return fields
    }
}
