import Primitives

/// Finds the parts of a request's head in its bytes, line by line, and copies none.
///
/// Every rule is applied byte by byte, in the order of the bytes. Whether a head is rejected, and with which error,
/// therefore does not depend on how it was split.
struct RequestHeadIndex: Sendable {
    /// The first line; nil until it is complete.
    private(set) var requestLine: RequestLine?
    /// The offset of the line that is not complete yet; at the end that of the bytes after the head.
    private(set) var lineStart = 0
    /// Where the field lines begin.
    private(set) var fieldsStart = 0
    /// The values of the fields that the server reads.
    private(set) var values = KnownFieldRanges()
    /// What the fields say about the message.
    private(set) var framing = MessageFraming()
    private var fieldCount: UInt32 = 0
    /// The bytes before this offset are text, or ended lines.
    private var checkedEnd = 0

    /// Continues in the bytes of the head, which are all that have arrived since its first one. True when the head is
    /// complete. O(bytes that are new).
    mutating func advance(_ bytes: Span<UInt8>, limits: HTTPLimits) throws(HTTPParseError) -> Bool {
        while let line = try nextLine(bytes, limits) {
            let content = bytes.extracting(line)
            if requestLine == nil {
                requestLine = try RequestLine(parsing: content)
                fieldsStart = lineStart
            } else if line.isEmpty {
                return true
            } else {
                guard fieldCount < limits.fieldCountMax else { throw .tooManyFields }
                fieldCount += 1
                try takeField(content, at: line.lowerBound)
            }
        }
        return false
    }

    /// The next line without its line break, as a range; nil when it is incomplete.
    @inline(__always)
    private mutating func nextLine(_ bytes: Span<UInt8>, _ limits: HTTPLimits) throws(HTTPParseError) -> Range<Int>? {
        let isFirst = requestLine == nil
        // Two calls, each of which the compiler makes for its constants.
        let end =
            isFirst
            ? ASCII.firstNonText(in: bytes, from: checkedEnd, allowsTabs: false, allowsAbove127: false)
            : ASCII.firstNonText(in: bytes, from: checkedEnd, allowsTabs: true, allowsAbove127: true)
        let byteCountMax =
            isFirst ? Int(limits.startLineBytesMax) : max(0, Int(limits.fieldBytesMax) - (lineStart - fieldsStart) - 2)
        guard end - lineStart <= byteCountMax else { throw isFirst ? .startLineTooLong : .fieldsTooLarge }
        checkedEnd = end
        guard end < bytes.count else { return nil }
        guard bytes[end] == ASCII.carriageReturn else { throw Self.error(for: bytes[end], isFirstLine: isFirst) }
        guard end + 1 < bytes.count else { return nil }
        guard bytes[end + 1] == ASCII.lineFeed else { throw .bareLineBreak }
        let line = lineStart..<end
        lineStart = end + 2
        checkedEnd = lineStart
        return line
    }

    private mutating func takeField(_ line: Span<UInt8>, at offset: Int) throws(HTTPParseError) {
        guard let field = KnownField(ofLine: line) else {
            _ = try FieldLine.colonIndex(of: line)
            return
        }
        let colon = field.nameByteCount
        let rest = line.extracting(colon + 1..<line.count)
        let value = ASCII.trimmed(rest)
        let start = offset + colon + 1
        values.add(field, start + value.lowerBound..<start + value.upperBound)
        framing.take(field, rest.extracting(value))
    }

    /// The head is complete: throws what is wrong with its fields together.
    mutating func finish(_ bytes: Span<UInt8>) throws(HTTPParseError) {
        guard let version = requestLine?.version else { preconditionFailure("fields follow a request line") }
        try framing.finish(version: version)
        if let host = values[.host] {
            guard Authority.isValid(bytes.extracting(host.range)) else { throw .malformedHost }
        } else if version == .http11 {
            throw .hostMissing
        }
    }

    @inline(never)
    private static func error(for byte: UInt8, isFirstLine: Bool) -> HTTPParseError {
        if byte == ASCII.lineFeed { return .bareLineBreak }
        if byte < 0x20 || byte == 0x7F { return .controlCharacter }
        return isFirstLine ? .malformedRequestLine : .malformedFieldValue
    }
}
