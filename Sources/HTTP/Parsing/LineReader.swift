/// Splits a stream into lines that end in CRLF, and buffers the beginning of an incomplete line.
///
/// Every rule is applied byte by byte. Whether a line is rejected, and with which error, therefore does not depend on
/// how the stream was split. A line that is complete in the input is not copied.
struct LineReader: Sendable {
    /// The bytes that a line may contain besides visible ASCII and spaces.
    enum Alphabet {
        /// None: the first line of a message.
        case ascii
        /// Tabs and bytes above 127: field lines and chunk extensions.
        case text
    }

    /// The limits of one line.
    struct Rule {
        var alphabet: Alphabet
        /// The maximum length of the line without its CRLF, in bytes.
        var byteCountMax: Int
        /// The error for a longer line.
        var tooLong: HTTPParseError
        /// The error for a byte outside the alphabet that is not a control character.
        var foreignByte: HTTPParseError
    }

    /// The beginning of an incomplete line, including its CR when that was the last byte; empty, without storage,
    /// between lines.
    private(set) var held: [UInt8] = []

    /// Whether a line has begun.
    var isWithinLine: Bool { !held.isEmpty }

    /// Calls `parse` with the next line, without its CRLF, and returns its result. Nil when the input ended within the
    /// line; the bytes are then buffered in `held`. `consumed` moves past the bytes taken. O(bytes taken).
    mutating func withLine<Result>(
        in input: Span<UInt8>,
        consumed: inout Int,
        rule: Rule,
        _ parse: (Span<UInt8>) throws(HTTPParseError) -> Result
    ) throws(HTTPParseError) -> Result? {
        let start = consumed
        guard let end = try lineEnd(in: input, from: start, rule: rule) else {
            for index in start..<input.count { held.append(input[index]) }
            consumed = input.count
            return nil
        }
        consumed = end
        if held.isEmpty { return try parse(input.extracting(start..<end - 2)) }
        for index in start..<end { held.append(input[index]) }
        let line = held
        held = []
        return try parse(line.span.extracting(0..<line.count - 2))
    }

    /// The index after the line's LF; nil when the input ends before it.
    private func lineEnd(in input: Span<UInt8>, from start: Int, rule: Rule) throws(HTTPParseError) -> Int? {
        var index = start
        var followsReturn = held.last == ASCII.carriageReturn
        // The number of content bytes that the line may still have. The bytes in `held` were checked when they arrived.
        var room = rule.byteCountMax - (followsReturn ? held.count - 1 : held.count)
        while index < input.count {
            let byte = input[index]
            index += 1
            if followsReturn {
                guard byte == ASCII.lineFeed else { throw .bareLineBreak }
                return index
            }
            if byte == ASCII.carriageReturn {
                followsReturn = true
                continue
            }
            guard Self.isAllowed(byte, in: rule.alphabet) else { throw Self.error(for: byte, rule: rule) }
            guard room > 0 else { throw rule.tooLong }
            room -= 1
        }
        return nil
    }

    @inline(__always)
    private static func isAllowed(_ byte: UInt8, in alphabet: Alphabet) -> Bool {
        if byte &- 0x20 < 0x5f { return true }
        switch alphabet {
        case .ascii: return false
        case .text: return byte >= 0x80 || byte == ASCII.tab
        }
    }

    @inline(never)
    private static func error(for byte: UInt8, rule: Rule) -> HTTPParseError {
        if byte == ASCII.lineFeed { return .bareLineBreak }
        return byte < 0x20 || byte == 0x7f ? .controlCharacter : rule.foreignByte
    }
}
