/// Finds the content of a body in the received bytes: by length, in chunks, or until the connection ends.
struct BodyDecoder: Sendable {
    /// The result of one step.
    enum Step {
        case needMore
        /// Content, as a range of the input.
        case content(Range<Int>)
        case end
    }

    private enum Phase: UInt8 {
        /// Next: `remaining` bytes of content, then the end.
        case length
        /// Next: content; only the connection's end ends it.
        case untilClose
        /// Next: the line with a chunk's size → `chunkContent`, or `trailers` when the size is 0.
        case chunkSize
        /// Next: `remaining` bytes of content → `chunkEnd`.
        case chunkContent
        /// Next: the line break after a chunk → `chunkSize`.
        case chunkEnd
        /// Next: lines up to an empty one → the end.
        case trailers
    }

    private var phase = Phase.length
    /// The bytes of content that the body, or the current chunk, still has.
    private var remaining = 0
    /// The bytes of content of all chunks so far, including the current one. `<= byteCountMax` when content is taken.
    private var announced = 0
    /// The maximum content of the body, in bytes.
    var byteCountMax = 0
    private var extensionByteCount: UInt32 = 0
    private var trailerByteCount: UInt32 = 0

    /// A body of `length` bytes, which may be 0.
    static func length(_ length: Int, byteCountMax: Int) -> Self {
        Self(phase: .length, remaining: length, byteCountMax: byteCountMax)
    }

    /// A body in chunks.
    static func chunked(byteCountMax: Int) -> Self {
        Self(phase: .chunkSize, byteCountMax: byteCountMax)
    }

    /// A body that ends with the connection.
    static func untilClose(byteCountMax: Int) -> Self {
        Self(phase: .untilClose, byteCountMax: byteCountMax)
    }

    /// Whether the end of the connection is the end of the body.
    var endsWithConnection: Bool { phase == .untilClose }

    /// Takes one step; `consumed` moves past the bytes that were parsed or copied into `lines`. O(bytes consumed).
    mutating func next(
        _ input: Span<UInt8>,
        consumed: inout Int,
        lines: inout LineReader,
        limits: HTTPLimits
    ) throws(HTTPParseError) -> Step {
        while true {
            switch phase {
            case .length:
                guard remaining <= byteCountMax else { throw .bodyTooLarge }
                return remaining == 0 ? .end : takeContent(input, &consumed)
            case .untilClose:
                remaining = input.count - consumed
                guard remaining <= byteCountMax - announced else { throw .bodyTooLarge }
                announced += remaining
                return takeContent(input, &consumed)
            case .chunkSize:
                guard try takeChunkSize(input, &consumed, &lines, limits) else { return .needMore }
            case .chunkContent:
                // The limit may have been lowered since the chunk was announced.
                guard announced <= byteCountMax else { throw .bodyTooLarge }
                if remaining > 0 { return takeContent(input, &consumed) }
                phase = .chunkEnd
            case .chunkEnd:
                let rule = LineReader.Rule(
                    alphabet: .text,
                    byteCountMax: 0,
                    tooLong: .malformedChunk,
                    foreignByte: .malformedChunk
                )
                let isAtEnd: Void? = try lines.withLine(in: input, consumed: &consumed, rule: rule) {
                    (_: Span<UInt8>) throws(HTTPParseError) in
                }
                guard isAtEnd != nil else { return .needMore }
                phase = .chunkSize
            case .trailers:
                guard let isLast = try takeTrailer(input, &consumed, &lines, limits) else { return .needMore }
                if isLast {
                    self = .length(0, byteCountMax: byteCountMax)
                    return .end
                }
            }
        }
    }

    private mutating func takeContent(_ input: Span<UInt8>, _ consumed: inout Int) -> Step {
        let count = min(remaining, input.count - consumed)
        guard count > 0 else { return .needMore }
        let range = consumed..<consumed + count
        consumed += count
        remaining -= count
        return .content(range)
    }

    /// Reads the line that begins a chunk; false while the line is incomplete.
    private mutating func takeChunkSize(
        _ input: Span<UInt8>,
        _ consumed: inout Int,
        _ lines: inout LineReader,
        _ limits: HTTPLimits
    ) throws(HTTPParseError) -> Bool {
        let rule = LineReader.Rule(
            alphabet: .text,
            byteCountMax: FixedLimits.chunkSizeDigitCountMax + Int(limits.chunkExtensionBytesMax - extensionByteCount),
            tooLong: .chunkExtensionsTooLarge,
            foreignByte: .malformedChunk
        )
        let line = try lines.withLine(in: input, consumed: &consumed, rule: rule) {
            (line: Span<UInt8>) throws(HTTPParseError) in try Self.chunkLine(line)
        }
        guard let (size, extensionCount) = line else { return false }
        guard extensionCount <= limits.chunkExtensionBytesMax - extensionByteCount else {
            throw .chunkExtensionsTooLarge
        }
        extensionByteCount += extensionCount
        if size == 0 {
            phase = .trailers
            return true
        }
        // The size is compared with the limit when the content is taken, because the limit may change before that.
        let (sum, isOverflow) = announced.addingReportingOverflow(size)
        announced = isOverflow ? .max : sum
        remaining = size
        phase = .chunkContent
        return true
    }

    /// `1*HEXDIG [chunk-ext]`: the size, and the byte count of the extensions (RFC 9112, section 7.1).
    private static func chunkLine(
        _ line: Span<UInt8>
    ) throws(HTTPParseError) -> (size: Int, extensionByteCount: UInt32) {
        var size: UInt64 = 0
        var index = 0
        while index < line.count, let digit = ASCII.hexadecimalValue(line[index]) {
            guard index < FixedLimits.chunkSizeDigitCountMax else { throw .malformedChunk }
            size = size << 4 | UInt64(digit)
            index += 1
        }
        guard index > 0, let size = Int(exactly: size) else { throw .malformedChunk }
        if index == line.count { return (size, 0) }
        let start = index
        while index < line.count, ASCII.isWhitespace(line[index]) { index += 1 }
        guard index < line.count, line[index] == ASCII.semicolon else { throw .malformedChunk }
        return (size, UInt32(clamping: line.count - start))
    }

    /// Skips one line of trailers; nil while the line is incomplete, true when it was the empty line.
    private mutating func takeTrailer(
        _ input: Span<UInt8>,
        _ consumed: inout Int,
        _ lines: inout LineReader,
        _ limits: HTTPLimits
    ) throws(HTTPParseError) -> Bool? {
        let rule = LineReader.Rule(
            alphabet: .text,
            byteCountMax: max(0, Int(limits.trailerBytesMax - trailerByteCount) - 2),
            tooLong: .trailersTooLarge,
            foreignByte: .malformedFieldValue
        )
        let count = try lines.withLine(in: input, consumed: &consumed, rule: rule) {
            (line: Span<UInt8>) throws(HTTPParseError) in
            if !line.isEmpty { try FieldLine.validate(line) }
            return line.count
        }
        guard let count else { return nil }
        if count == 0 { return true }
        trailerByteCount += UInt32(count) + 2
        return false
    }
}
