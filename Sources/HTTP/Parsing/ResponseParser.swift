import HTTPTypes

/// The result of one step of a `ResponseParser`.
public enum ResponseStep: Hashable, Sendable {
    /// All of the input is consumed; continue when more has arrived.
    case needMore
    /// An interim response (1xx except 101); the final response follows.
    case informational(ResponseHead)
    /// The final response begins.
    case head(ResponseHead)
    /// Content of the body, never empty, as a range of the input of this call.
    case body(Range<Int>)
    /// The response has ended. The rest of the input is the next response, or another protocol after 101.
    case end
}

/// Parses HTTP/1.1 and 1.0 responses from bytes as they arrive: the client's counterpart of `RequestParser`, with the
/// same contract.
///
/// Responses arrive in the order of their requests. The response to `HEAD` has no body, whatever its fields say, so set
/// `expectsHeadAnswer` before the response to such a request is parsed.
public struct ResponseParser: Sendable {
    private enum State: UInt8 {
        /// → `fields`.
        case statusLine
        /// → `statusLine` after an interim response, else `body`.
        case fields
        /// → `statusLine`, `closed`.
        case body
        /// The last response of the connection has ended; stays.
        case closed
        /// `failure` is the error; stays.
        case failed
    }

    /// Whether the next response answers a `HEAD`; reset to false when its head has been parsed.
    public var expectsHeadAnswer = false

    private var state = State.statusLine
    private var failure = HTTPParseError.malformedStatusLine
    private var keepAlive = true
    private let limits: HTTPLimits
    private var lines = LineReader()
    private var head = HeadReader()
    private var body = BodyDecoder.length(0, byteCountMax: 0)
    /// Set from the end of the status line to the end of the head.
    private var line: StatusLine?

    /// A parser before its first response; O(1), no allocation.
    public init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    /// Limits the body of the current response, in bytes of content; see `RequestParser.setBodyBytesMax`.
    public mutating func setBodyBytesMax(_ byteCountMax: Int) {
        precondition(state == .body, "a body is bounded while its response is incomplete")
        precondition(byteCountMax >= 0)
        body.byteCountMax = byteCountMax
    }

    /// Takes one step, from `input[consumed]`; see `RequestParser.next`. O(bytes consumed).
    public mutating func next(
        _ input: Span<UInt8>,
        consumed: inout Int
    ) throws(HTTPParseError) -> ResponseStep {
        precondition(consumed >= 0 && consumed <= input.count, "consumed is an offset in the input")
        do {
            return try step(input, &consumed)
        } catch {
            throw fail(error)
        }
    }

    /// The peer closed its side. Returns `end` when that ends the body, nil between responses; otherwise throws
    /// `prematureEnd`.
    public mutating func inputEnded() throws(HTTPParseError) -> ResponseStep? {
        switch state {
        case .statusLine where !lines.isWithinLine:
            state = .closed
            return nil
        case .body where body.endsWithConnection:
            state = .closed
            return .end
        case .closed: return nil
        case .failed: throw failure
        case .statusLine, .fields, .body: throw fail(.prematureEnd)
        }
    }

    private mutating func fail(_ error: HTTPParseError) -> HTTPParseError {
        failure = error
        state = .failed
        line = nil
        head = HeadReader()
        lines = LineReader()
        return error
    }

    private mutating func step(_ input: Span<UInt8>, _ consumed: inout Int) throws(HTTPParseError) -> ResponseStep {
        while true {
            switch state {
            case .statusLine:
                guard try takeStatusLine(input, &consumed) else { return .needMore }
                state = .fields
            case .fields:
                guard try head.takeFields(input, consumed: &consumed, lines: &lines, limits: limits) else {
                    return .needMore
                }
                return try finishHead()
            case .body:
                switch try body.next(input, consumed: &consumed, lines: &lines, limits: limits) {
                case .needMore: return .needMore
                case .content(let range): return .body(range)
                case .end:
                    state = keepAlive ? .statusLine : .closed
                    return .end
                }
            case .closed:
                consumed = input.count
                return .needMore
            case .failed:
                throw failure
            }
        }
    }

    private mutating func takeStatusLine(
        _ input: Span<UInt8>,
        _ consumed: inout Int
    ) throws(HTTPParseError) -> Bool {
        guard consumed < input.count else { return false }
        let rule = LineReader.Rule(
            alphabet: .text,
            byteCountMax: Int(limits.startLineBytesMax),
            tooLong: .startLineTooLong,
            foreignByte: .malformedStatusLine
        )
        line = try lines.withLine(in: input, consumed: &consumed, rule: rule) {
            (line: Span<UInt8>) throws(HTTPParseError) in try StatusLine(parsing: line)
        }
        return line != nil
    }

    private mutating func finishHead() throws(HTTPParseError) -> ResponseStep {
        guard let line else { preconditionFailure("fields follow a status line") }
        self.line = nil
        let head = try ResponseHead(line, fields: head.finish(), answersHead: expectsHeadAnswer)
        if head.status.code < 200, head.status.code != 101 {
            state = .statusLine
            return .informational(head)
        }
        let byteCountMax = Int(limits.bodyBytesMax)
        switch head.body {
        case .none: body = .length(0, byteCountMax: byteCountMax)
        case .length(let length): body = .length(length, byteCountMax: byteCountMax)
        case .chunked: body = .chunked(byteCountMax: byteCountMax)
        case .untilClose: body = .untilClose(byteCountMax: byteCountMax)
        }
        expectsHeadAnswer = false
        keepAlive = head.keepAlive
        state = .body
        return .head(head)
    }
}
