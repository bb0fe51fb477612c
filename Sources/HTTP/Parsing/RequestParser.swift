import Primitives

/// The result of one step of a `RequestParser`.
public enum RequestStep: Equatable, Sendable {
    /// All of the input is consumed; continue when more has arrived.
    case needMore
    /// A request begins.
    case head(RequestHead)
    /// Content of the body, never empty, as a range of the input of this call. The parser does not keep the bytes.
    case body(Range<Int>)
    /// The request has ended. The rest of the input is the next request, or another protocol after an upgrade.
    case end
}

/// Parses HTTP/1.1 and 1.0 requests from bytes as they arrive (RFC 9112).
///
/// Call `next` with the input and the offset of the first unconsumed byte, until it returns `needMore`. It consumes
/// each byte once. It keeps only the bytes of an incomplete head and the beginning of an incomplete line of chunks;
/// after `end` it holds no heap memory. How the bytes are split into inputs affects only the pieces of a body.
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
/// An error is final: every later call throws it again and consumes nothing. After the last request of a connection
/// (`RequestHead.keepAlive` is false) further input is consumed and dropped.
public struct RequestParser: Sendable {
    private enum State: UInt8 {
        /// Between requests → `afterLeadingReturn`, `head`.
        case idle
        /// A CR arrived before the request line; its LF must follow → `head`.
        case afterLeadingReturn
        /// → `body`.
        case head
        /// → `idle`, `closed`.
        case body
        /// The last request of the connection has ended; stays.
        case closed
        /// `failure` is the error; stays.
        case failed
    }

    private var state = State.idle
    private var failure = HTTPParseError.malformedRequestLine
    /// Whether another request may follow the current one.
    private var keepAlive = true
    private let limits: HTTPLimits
    /// The lines of chunks and trailers.
    private var lines = LineReader()
    private var body = BodyDecoder.length(0, byteCountMax: 0)
    /// The head that is incomplete or was rejected, if any of it has arrived: an array of one, so that an idle parser
    /// stays small.
    private var unfinishedHead: [UnfinishedHead] = []

    /// A parser between requests; O(1), no allocation.
    public init(limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    /// Whether no request is incomplete, so that the connection may be closed, or kept open for long, without harm.
    public var isIdle: Bool {
        switch state {
        case .idle, .closed: true
        // An empty line after the client's last request does not begin a request.
        case .head: unfinishedHead.isEmpty
        case .afterLeadingReturn, .body, .failed: false
        }
    }

    /// Whether a head is incomplete. The client's time limit for a head applies while this holds.
    public var isWithinHead: Bool {
        switch state {
        case .head: !unfinishedHead.isEmpty
        case .afterLeadingReturn: true
        case .idle, .body, .closed, .failed: false
        }
    }

    /// Limits the body of the current request, in bytes of content, instead of `HTTPLimits.bodyBytesMax`. Call it after
    /// `head` and before the next step, which throws `bodyTooLarge` when `Content-Length` exceeds the limit. That step
    /// may have an empty input, to check this before `100 Continue` is sent.
    public mutating func setBodyBytesMax(_ byteCountMax: Int) {
        precondition(state == .body, "a body is bounded while its request is incomplete")
        precondition(byteCountMax >= 0)
        body.byteCountMax = byteCountMax
    }

    /// The first value of a field of the head that is incomplete or was rejected, if the field was read before. The
    /// response may depend on it.
    public func unfinishedValue(of field: KnownField) -> String? { unfinishedHead.first?.value(of: field) }

    /// Removes the limit of the current body, so that the caller can read and drop it after the body was refused, by
    /// the caller or with `bodyTooLarge`, which is then no longer final. False when there is no body whose end can be
    /// found.
    public mutating func skipBody() -> Bool {
        guard state == .body || (state == .failed && failure == .bodyTooLarge) else { return false }
        state = .body
        body.byteCountMax = .max
        return true
    }

    /// Takes one step, from `input[consumed]`; `consumed` moves past the bytes that were parsed or buffered. O(bytes
    /// consumed); allocates for heads and for lines that are split between inputs.
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
            lines = LineReader()
            throw error
        }
    }

    private mutating func step(_ input: Span<UInt8>, _ consumed: inout Int) throws(HTTPParseError) -> RequestStep {
        while true {
            switch state {
            case .idle:
                guard consumed < input.count else { return .needMore }
                // Some clients send an empty line after a request; a server should accept one before the next (RFC
                // 9112, section 2.2).
                if input[consumed] == ASCII.carriageReturn {
                    consumed += 1
                    state = .afterLeadingReturn
                } else {
                    state = .head
                }
            case .afterLeadingReturn:
                guard consumed < input.count else { return .needMore }
                guard input[consumed] == ASCII.lineFeed else { throw .bareLineBreak }
                consumed += 1
                state = .head
            case .head:
                guard let head = try takeHead(input, &consumed) else { return .needMore }
                begin(head)
                return .head(head)
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

    /// The head that ends in the input; nil when it is incomplete. A head that is complete in one input is copied once.
    private mutating func takeHead(_ input: Span<UInt8>, _ consumed: inout Int) throws(HTTPParseError) -> RequestHead? {
        guard consumed < input.count else { return nil }
        let rest = input.extracting(consumed..<input.count)
        if !unfinishedHead.isEmpty {
            let (head, byteCount) = try unfinishedHead[0].take(rest, limits: limits)
            consumed += byteCount
            if head != nil { unfinishedHead = [] }
            return head
        }
        var index = RequestHeadIndex()
        do throws(HTTPParseError) {
            if try index.advance(rest, limits: limits) {
                let bytes = rest.extracting(0..<index.lineStart)
                try index.finish(bytes)
                consumed += index.lineStart
                return RequestHead(bytes, index)
            }
        } catch {
            unfinishedHead = [UnfinishedHead(rest, index)]
            throw error
        }
        unfinishedHead = [UnfinishedHead(rest, index)]
        consumed = input.count
        return nil
    }

    private mutating func begin(_ head: RequestHead) {
        let byteCountMax = Int(limits.bodyBytesMax)
        switch head.body {
        case .none: body = .length(0, byteCountMax: byteCountMax)
        case .length(let length): body = .length(length, byteCountMax: byteCountMax)
        case .chunked: body = .chunked(byteCountMax: byteCountMax)
        }
        keepAlive = head.keepAlive
        state = .body
    }
}

/// The bytes of a head that is not complete, and what was found in them.
private struct UnfinishedHead: Sendable {
    private var bytes: [UInt8] = []
    private var index: RequestHeadIndex

    init(_ bytes: Span<UInt8>, _ index: RequestHeadIndex) {
        self.index = index
        self.bytes.append(contentsOf: bytes)
    }

    /// Takes the next bytes up to the end of the head. Returns the head if it is complete, and how many bytes were
    /// taken.
    mutating func take(
        _ input: Span<UInt8>, limits: HTTPLimits
    ) throws(HTTPParseError) -> (RequestHead?, byteCount: Int) {
        let countBefore = bytes.count
        bytes.append(contentsOf: input)
        var index = index
        defer { self.index = index }
        guard try index.advance(bytes.span, limits: limits) else { return (nil, input.count) }
        let head = bytes.span.extracting(0..<index.lineStart)
        try index.finish(head)
        return (RequestHead(head, index), index.lineStart - countBefore)
    }

    func value(of field: KnownField) -> String? {
        index.values[field].flatMap { ASCII.text(bytes.span.extracting($0.range)) }
    }
}
