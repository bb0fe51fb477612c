import HTTPTypes

/// What one step of a `MultipartParser` found.
public enum MultipartStep: Hashable, Sendable {
    /// All of the input is consumed; go on when more has arrived.
    case needMore
    /// A part begins.
    case part(MultipartPart)
    /// Content of the part, never empty, as a range of the input of this call.
    case content(Range<Int>)
    /// Content that ended an earlier input, where it looked like the beginning of a boundary.
    case heldContent([UInt8])
    /// The part has ended.
    case partEnd
    /// The form has ended; what follows is consumed and dropped.
    case end
}

/// Reads `multipart/form-data` (RFC 7578) from bytes as they arrive.
///
/// Used like `RequestParser`: call `next` until it answers `needMore`; at the end of the body call `finish`. How the
/// bytes are cut changes nothing but the pieces of the content. It holds no content beyond a boundary's length, and of
/// a part's head no more than its limit. An error is final.
public struct MultipartParser: Sendable {
    private enum State {
        /// Before the first boundary, where text is dropped → `boundary`.
        case preamble
        /// Behind a boundary: `--`, or white space and a line break → `head`, `epilogue`.
        case boundary
        /// → `content`.
        case head
        /// → `contentEnd`, `boundary`.
        case content
        /// The last content was told, its end not yet → `boundary`.
        case contentEnd
        /// Stays.
        case epilogue
        /// `failure` says why; stays.
        case failed(MultipartError)
    }

    private var state = State.preamble
    /// CR LF and `--` and the boundary: a CR stands only at its beginning.
    private let delimiter: [UInt8]
    /// How much of the delimiter the bytes before the present one are. The first boundary needs no line break.
    private var matchedCount = 2
    /// The line behind a boundary, as far as it came.
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

    /// One step on, from `input[consumed]`. O(bytes consumed); allocates for heads and held content only.
    public mutating func next(_ input: Span<UInt8>, consumed: inout Int) throws(MultipartError) -> MultipartStep {
        precondition(consumed >= 0 && consumed <= input.count, "consumed is an offset in the input")
        do {
            return try step(input, &consumed)
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// The body has ended; throws unless the form has.
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

    /// Whether the boundary was the last; nil when its line has not ended.
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
                // Padding that transports may add.
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
                // What was held is no boundary. What followed it is looked at again: it holds no CR, so it is content.
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
    /// The name that the client gives the file: its word, and good for nothing but showing it back. Nil when the part
    /// is no file.
    public let fileName: String?
    /// The media type that the client claims.
    public let contentType: String?
}

/// Why bytes are no acceptable `multipart/form-data`. The raw value is the stable code.
public enum MultipartError: String, Error, CaseIterable, Sendable {
    /// The media type is another one, or has no usable boundary.
    case notMultipart = "not_multipart"
    /// A boundary is followed by neither a line break nor `--`.
    case malformedBoundary = "malformed_boundary"
    /// A part's head is no list of fields, or has no `Content-Disposition: form-data` with a name.
    case malformedPart = "malformed_part"
    /// A part's head is larger than its limit.
    case partHeadTooLarge = "part_head_too_large"
    /// There are more parts than the limit.
    case tooManyParts = "too_many_parts"
    /// The body ended before the closing boundary.
    case truncated = "truncated_multipart"
}
