import HTTPTypes

/// The result of one step of a `MultipartParser`.
public enum MultipartStep: Hashable, Sendable {
    /// All of the input is consumed; continue when more has arrived.
    case needMore
    /// A part begins.
    case part(MultipartPart)
    /// Content of the part, never empty, as a range of the input of this call.
    case content(Range<Int>)
    /// Content from the end of an earlier input, which could have been the beginning of a boundary.
    case heldContent([UInt8])
    /// The part has ended.
    case partEnd
    /// The form has ended; the bytes after it are consumed and dropped.
    case end
}

/// Parses `multipart/form-data` (RFC 7578) from bytes as they arrive.
///
/// Used like `RequestParser`: call `next` until it returns `needMore`; call `finish` at the end of the body. How the
/// bytes are split affects only the pieces of the content. The parser buffers content of at most a boundary's length,
/// and a part's head of at most its limit. An error is final.
public struct MultipartParser: Sendable {
    private enum State {
        /// Before the first boundary; this text is dropped → `boundary`.
        case preamble
        /// After a boundary: `--`, or white space and a line break → `head`, `epilogue`.
        case boundary
        /// → `content`.
        case head
        /// → `contentEnd`, `boundary`.
        case content
        /// The last content was returned, and `partEnd` comes next → `boundary`.
        case contentEnd
        /// Stays.
        case epilogue
        /// The error; stays.
        case failed(MultipartError)
    }

    private var state = State.preamble
    /// CR LF, `--` and the boundary. Only its first byte is a CR.
    private let delimiter: [UInt8]
    /// The length of the delimiter's prefix that the bytes before the current one match. The first boundary needs no
    /// line break.
    private var matchedCount = 2
    /// The line after a boundary, as far as it has arrived.
    private var boundaryLine: [UInt8] = []
    private var lines = LineReader()
    private var head = HeadReader()
    private var partCount = 0
    private let limits: MultipartLimits

    /// A parser of a form with this boundary.
    public init(boundary: MultipartBoundary, limits: MultipartLimits = MultipartLimits()) {
        delimiter = Array("\r\n--".utf8) + boundary.bytes
        self.limits = limits
    }

    /// Takes one step, from `input[consumed]`. O(bytes consumed); allocates only for heads and held content.
    public mutating func next(_ input: Span<UInt8>, consumed: inout Int) throws(MultipartError) -> MultipartStep {
        precondition(consumed >= 0 && consumed <= input.count, "consumed is an offset in the input")
        do {
            return try step(input, &consumed)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// The body has ended. Throws when the form has not.
    public func finish() throws(MultipartError) {
        switch state {
        case .epilogue: return
        case .failed(let error): throw error
        case .preamble, .boundary, .head, .content, .contentEnd: throw .truncated
        }
    }

    private mutating func step(_ input: Span<UInt8>, _ consumed: inout Int) throws(MultipartError) -> MultipartStep {
        while true {
            switch state {
            case .preamble:
                guard skipPreamble(input, &consumed) else { return .needMore }
                state = .boundary
            case .boundary:
                guard let isLast = try takeBoundaryLine(input, &consumed) else { return .needMore }
                guard !isLast else {
                    state = .epilogue
                    return .end
                }
                guard partCount < limits.partCountMax else { throw .tooManyParts }
                partCount += 1
                state = .head
            case .head:
                guard let part = try takeHead(input, &consumed) else { return .needMore }
                state = .content
                return .part(part)
            case .content:
                return takeContent(input, &consumed)
            case .contentEnd:
                state = .boundary
                return .partEnd
            case .epilogue:
                consumed = input.count
                return .needMore
            case .failed(let error):
                throw error
            }
        }
    }

    // MARK: - Boundaries

    /// Whether the first boundary was found.
    private mutating func skipPreamble(_ input: Span<UInt8>, _ consumed: inout Int) -> Bool {
        while consumed < input.count {
            let byte = input[consumed]
            consumed += 1
            if byte == delimiter[matchedCount] {
                matchedCount += 1
                guard matchedCount == delimiter.count else { continue }
                matchedCount = 0
                return true
            } else {
                matchedCount = byte == ASCII.carriageReturn ? 1 : 0
            }
        }
        return false
    }

    /// Whether the boundary was the last; nil while its line is incomplete.
    private mutating func takeBoundaryLine(
        _ input: Span<UInt8>, _ consumed: inout Int
    ) throws(MultipartError) -> Bool? {
        while consumed < input.count {
            let byte = input[consumed]
            consumed += 1
            switch (boundaryLine.last, byte) {
            case (nil, UInt8(ascii: "-")):
                boundaryLine.append(byte)
            case (UInt8(ascii: "-"), _):
                guard byte == UInt8(ascii: "-") else { throw .malformedBoundary }
                boundaryLine = []
                return true
            case (ASCII.carriageReturn, _):
                guard byte == ASCII.lineFeed else { throw .malformedBoundary }
                boundaryLine = []
                return false
            case (_, ASCII.carriageReturn):
                boundaryLine = [byte]
            case (_, ASCII.space), (_, ASCII.tab):
                // Transports may add padding.
                guard boundaryLine.count < limits.paddingByteCountMax else { throw .malformedBoundary }
                boundaryLine.append(byte)
            default:
                throw .malformedBoundary
            }
        }
        return nil
    }

    // MARK: - Parts

    private mutating func takeHead(_ input: Span<UInt8>, _ consumed: inout Int) throws(MultipartError) -> MultipartPart?
    {
        do throws(HTTPParseError) {
            let limits = HTTPLimits(
                fieldBytesMax: limits.partHeadByteCountMax, fieldCountMax: limits.partHeadByteCountMax / 4)
            guard try head.takeFields(input, consumed: &consumed, lines: &lines, limits: limits) else { return nil }
        } catch {
            throw error == .fieldsTooLarge || error == .tooManyFields ? .partHeadTooLarge : .malformedPart
        }
        let fields = head.finish()
        guard let value = fields[.contentDisposition], let disposition = ParameterList(value),
            disposition.value.lowercased() == "form-data", let name = disposition["name"]
        else { throw .malformedPart }
        return MultipartPart(name: name, fileName: disposition["filename"], contentType: fields[.contentType])
    }

    private mutating func takeContent(_ input: Span<UInt8>, _ consumed: inout Int) -> MultipartStep {
        let start = consumed
        let heldCount = matchedCount
        var index = start
        while index < input.count {
            let byte = input[index]
            if byte == delimiter[matchedCount] {
                index += 1
                matchedCount += 1
                guard matchedCount == delimiter.count else { continue }
                matchedCount = 0
                consumed = index
                let end = index - delimiter.count
                guard end > start else {
                    state = .boundary
                    return .partEnd
                }
                state = .contentEnd
                return .content(start..<end)
            }
            if index - start < matchedCount {
                // The held bytes are not a boundary. The bytes after them are matched again: they contain no CR, so
                // they are content.
                matchedCount = 0
                return .heldContent(Array(delimiter[..<heldCount]))
            }
            matchedCount = byte == ASCII.carriageReturn ? 1 : 0
            index += 1
        }
        consumed = index
        let end = index - matchedCount
        return end > start ? .content(start..<end) : .needMore
    }
}

/// The head of one part of a form.
public struct MultipartPart: Hashable, Sendable {
    /// The name of the form's field.
    public let name: String
    /// The file name that the client claims. It is untrusted and only suitable for display. Nil when the part is not a
    /// file.
    public let fileName: String?
    /// The media type that the client claims.
    public let contentType: String?
}

/// Why bytes are not an acceptable `multipart/form-data` body. The raw value is the stable code.
public enum MultipartError: String, Error, CaseIterable, Sendable {
    /// Another media type, or one without a usable boundary.
    case notMultipart = "not_multipart"
    /// A boundary is followed by neither a line break nor `--`.
    case malformedBoundary = "malformed_boundary"
    /// A part's head is not a list of fields, or has no `Content-Disposition: form-data` with a name.
    case malformedPart = "malformed_part"
    /// A part's head is larger than its limit.
    case partHeadTooLarge = "part_head_too_large"
    /// There are more parts than the limit.
    case tooManyParts = "too_many_parts"
    /// The body ended before the closing boundary.
    case truncated = "truncated_multipart"
}
