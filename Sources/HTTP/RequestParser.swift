public import HTTPTypes

/// What one step of a `RequestParser` found.
public enum RequestStep: Hashable, Sendable {
    /// All of the input is consumed; go on when more has arrived.
    case needMore
    /// A request begins.
    case head(RequestHead)
    /// Content of the body, never empty, as a range of the input of this call; the bytes are the caller's.
    case body(Range<Int>)
    /// The request has ended. What follows in the input is the next one, or after an upgrade another protocol.
    case end
}

/// Reads requests of HTTP/1.1 and 1.0 from bytes as they arrive (RFC 9112).
///
/// Call `next` with the input and the offset of the first byte that is not consumed, until it answers `needMore`.
/// It consumes each byte once and keeps only the beginning of a line that has not ended and the fields of a head that
/// has not ended; after `end` it holds no heap memory. How the bytes are cut into inputs changes nothing but the
/// pieces of a body.
///
///     var consumed = 0
///     loop: while true {
///         switch try parser.next(input, consumed: &consumed) {
///         case .needMore: break loop
///         case .head(let head): begin(head)
///         case .body(let range): append(input.extracting(range))
///         case .end: respond()
///         }
///     }
///
/// An error is final: every later call throws it again and consumes nothing. After a request that ends the connection
/// (`RequestHead.keepAlive` is false) further input is consumed and dropped.
public struct RequestParser: Sendable {
    private enum State: UInt8 {
        /// Between requests → `afterLeadingReturn`, `requestLine`.
        case idle
        /// A CR came before the request line; its LF must follow → `requestLine`.
        case afterLeadingReturn
        /// → `fields`.
        case requestLine
        /// → `body`.
        case fields
        /// → `idle`, `closed`.
        case body
        /// The last request of the connection has ended; stays.
        case closed
        /// `failure` says why; stays.
        case failed
    }

    private var state = State.idle
    private var failure = HTTPParseError.malformedRequestLine
    /// Whether another request may follow the present one.
    private var keepAlive = true
    private let limits: HTTPLimits
    private var lines = LineReader()
    private var head = HeadReader()
    private var body = BodyDecoder.length(0, byteCountMax: 0)
    /// Set from the end of the request line to the end of the head.
    private var line: RequestLine?

    /// A parser between requests; O(1), no allocation.
    public init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    /// Whether no request is under way, so that the connection may be closed, or kept for long, without harm.
    public var isIdle: Bool {
        switch state {
        case .idle, .closed: true
        // An empty line that a client left behind its last request begins none.
        case .requestLine: !lines.isWithinLine
        case .afterLeadingReturn, .fields, .body, .failed: false
        }
    }

    /// Whether a head is under way: the time that a client may take for it is counted while this holds.
    public var isWithinHead: Bool {
        switch state {
        case .requestLine: lines.isWithinLine
        case .afterLeadingReturn, .fields: true
        case .idle, .body, .closed, .failed: false
        }
    }

    /// Bounds the body of the present request, in bytes of content, in place of `HTTPLimits.bodyBytesMax`. To be
    /// called after `head` and before the next step, which throws `bodyTooLarge` when `Content-Length` says more, and
    /// may be given an empty input to learn that before `100 Continue` is sent.
    public mutating func setBodyBytesMax(_ byteCountMax: Int) {
        precondition(state == .body, "a body is bounded while its request is under way")
        precondition(byteCountMax >= 0)
        body.byteCountMax = byteCountMax
    }

    /// The fields of a head that has not ended yet, or that was refused, as far as they were read. An answer to it may
    /// depend on them.
    public var unfinishedFields: HTTPFields { head.fields }

    /// Lifts the bound of the present body, for a caller that reads it over: after it was refused, by the caller or
    /// with `bodyTooLarge`, which is then no longer final. False when there is no body whose end can be found.
    public mutating func skipBody() -> Bool {
        guard state == .body || (state == .failed && failure == .bodyTooLarge) else { return false }
        state = .body
        body.byteCountMax = .max
        return true
    }

    /// One step on, from `input[consumed]`; `consumed` moves to the first byte that is not understood or held yet.
    /// O(bytes consumed); allocates for heads and for lines that do not lie whole in the input.
    public mutating func next(
        _ input: Span<UInt8>,
        consumed: inout Int
    ) throws(HTTPParseError) -> RequestStep {
        precondition(consumed >= 0 && consumed <= input.count, "consumed is an offset in the input")
        do {
            return try step(input, &consumed)
        } catch {
            failure = error
            state = .failed
            line = nil
            lines = LineReader()
            throw error
        }
    }

    private mutating func step(_ input: Span<UInt8>, _ consumed: inout Int) throws(HTTPParseError) -> RequestStep {
        while true {
            switch state {
            case .idle:
                guard consumed < input.count else { return .needMore }
                // One empty line before a request is left behind by some clients (RFC 9112, section 2.2).
                if input[consumed] == ASCII.carriageReturn {
                    consumed += 1
                    state = .afterLeadingReturn
                } else {
                    state = .requestLine
                }
            case .afterLeadingReturn:
                guard consumed < input.count else { return .needMore }
                guard input[consumed] == ASCII.lineFeed else { throw .bareLineBreak }
                consumed += 1
                state = .requestLine
            case .requestLine:
                guard try takeRequestLine(input, &consumed) else { return .needMore }
                state = .fields
            case .fields:
                guard try head.takeFields(input, consumed: &consumed, lines: &lines, limits: limits) else {
                    return .needMore
                }
                return .head(try finishHead())
            case .body:
                switch try body.next(input, consumed: &consumed, lines: &lines, limits: limits) {
                case .needMore: return .needMore
                case .content(let range): return .body(range)
                case .end:
                    state = keepAlive ? .idle : .closed
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

    private mutating func takeRequestLine(
        _ input: Span<UInt8>,
        _ consumed: inout Int
    ) throws(HTTPParseError) -> Bool {
        let rule = LineReader.Rule(
            alphabet: .ascii,
            byteCountMax: Int(limits.startLineBytesMax),
            tooLong: .startLineTooLong,
            foreignByte: .malformedRequestLine
        )
        line = try lines.withLine(in: input, consumed: &consumed, rule: rule) {
            (line: Span<UInt8>) throws(HTTPParseError) in try RequestLine(parsing: line)
        }
        return line != nil
    }

    private mutating func finishHead() throws(HTTPParseError) -> RequestHead {
        guard let line else { preconditionFailure("fields follow a request line") }
        self.line = nil
        let head = try RequestHead(line, fields: self.head.fields)
        self.head.reset()
        let byteCountMax = Int(limits.bodyBytesMax)
        switch head.body {
        case .none: body = .length(0, byteCountMax: byteCountMax)
        case .length(let length): body = .length(length, byteCountMax: byteCountMax)
        case .chunked: body = .chunked(byteCountMax: byteCountMax)
        }
        keepAlive = head.keepAlive
        state = .body
        return head
    }
}
