import HTTPTypes
import Primitives

/// What the fields of a head say about the message itself: where its body ends, and whether the connection persists.
///
/// Two readers of one message must never disagree about this, so anything ambiguous is an error (RFC 9112, sections 6.3
/// and 11.2). Give it each field in its order, then call `finish`.
struct MessageFraming: Sendable {
    /// The tokens of `Connection` that this server uses.
    struct ConnectionOptions: OptionSet {
        let rawValue: UInt8
        static let close = Self(rawValue: 1)
        static let keepAlive = Self(rawValue: 2)
        static let upgrade = Self(rawValue: 4)
    }

    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var connection: ConnectionOptions = []
    private(set) var expectsContinue = false
    private var hasHost = false
    private var codings = TransferCodings()
    /// The first error. It is thrown when the head is complete, because an error of a field line takes precedence.
    private var failure: HTTPParseError?

    /// Nothing is known yet.
    init() {}

    /// Examines all fields of a head; O(bytes of the relevant fields).
    init(_ fields: HTTPFields, version: HTTPVersion) throws(HTTPParseError) {
        for field in fields {
            let name = field.name.rawName.utf8
            guard let known = KnownField(name.span) else { continue }
            let value = field.value.utf8
            take(known, value.span)
        }
        try finish(version: version)
    }

    /// Examines one field; O(bytes).
    mutating func take(_ field: KnownField, _ value: Span<UInt8>) {
        guard failure == nil else { return }
        do throws(HTTPParseError) {
            switch field {
            case .contentLength:
                guard contentLength == nil else { throw .contentLengthRepeated }
                contentLength = try Self.length(value)
            case .transferEncoding: try codings.append(value)
            case .connection: appendConnection(value)
            case .host:
                guard !hasHost else { throw .hostRepeated }
                hasHost = true
            case .expect:
                guard Self.isContinue(value) else { throw .expectationFailed }
                expectsContinue = true
            case .upgrade, .contentType, .contentEncoding, .authorization, .origin, .forwardedFor, .requestID,
                .traceParent, .webSocketKey, .webSocketVersion, .webSocketProtocol:
                break
            }
        } catch {
            failure = error
        }
    }

    /// All fields were examined: throws what is wrong with them.
    mutating func finish(version: HTTPVersion) throws(HTTPParseError) {
        if let failure { throw failure }
        guard codings.isPresent else { return }
        if contentLength != nil { throw .contentLengthWithTransferEncoding }
        if version == .http10 { throw .transferEncodingInHTTP10 }
        try codings.finish()
        isChunked = true
    }

    /// Whether the connection may carry another message after this one (RFC 9112, section 9.3).
    func isPersistent(in version: HTTPVersion) -> Bool {
        if connection.contains(.close) { return false }
        switch version {
        case .http10: return connection.contains(.keepAlive)
        case .http11: return true
        }
    }

    /// Decimal digits only: no sign, no list, no white space, and no number that does not fit into 63 bits.
    private static func length(_ value: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard !value.isEmpty else { throw .malformedContentLength }
        var length = 0
        for index in value.indices {
            guard ASCII.isDigit(value[index]) else { throw .malformedContentLength }
            let (product, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(value[index] - UInt8(ascii: "0")))
            guard !overflow, !carry else { throw .malformedContentLength }
            length = sum
        }
        return length
    }

    private mutating func appendConnection(_ value: Span<UInt8>) {
        ListElements.forEach(of: value) { (element: Span<UInt8>) in
            if ASCII.equals(element, ignoringCase: "close") { connection.insert(.close) }
            if ASCII.equals(element, ignoringCase: "keep-alive") { connection.insert(.keepAlive) }
            if ASCII.equals(element, ignoringCase: "upgrade") { connection.insert(.upgrade) }
        }
    }

    /// Whether the list of expectations is `100-continue`, and no other.
    private static func isContinue(_ value: Span<UInt8>) -> Bool {
        var (isFound, isOther) = (false, false)
        ListElements.forEach(of: value) { (element: Span<UInt8>) in
            if element.isEmpty { return }
            if ASCII.equals(element, ignoringCase: "100-continue") { isFound = true } else { isOther = true }
        }
        return isFound && !isOther
    }
}

/// The codings of all `Transfer-Encoding` fields of a head, in order.
private struct TransferCodings: Sendable {
    private(set) var isPresent = false
    private var hasUnknown = false
    private var hasChunked = false

    /// Adds the codings of one field. Throws when the list is malformed or continues after `chunked`.
    mutating func append(_ value: Span<UInt8>) throws(HTTPParseError) {
        isPresent = true
        try ListElements.forEach(of: value) { (element: Span<UInt8>) throws(HTTPParseError) in
            // A coding with parameters is only unknown. An empty element or a stray byte is not a coding at all.
            let nameEnd = element.firstIndex(of: ASCII.semicolon) ?? element.count
            let name = element.extracting(0..<nameEnd)
            guard ASCII.isToken(name.extracting(ASCII.trimmed(name))), !hasChunked else {
                throw .malformedTransferEncoding
            }
            if ASCII.equals(name, ignoringCase: "chunked") {
                guard nameEnd == element.count else { throw .malformedTransferEncoding }
                hasChunked = true
            } else {
                hasUnknown = true
            }
        }
    }

    /// Throws unless the codings are exactly `chunked`.
    func finish() throws(HTTPParseError) {
        if hasUnknown { throw .transferEncodingNotImplemented }
        guard hasChunked else { throw .malformedTransferEncoding }
    }
}

/// Lists of elements between commas (RFC 9110, section 5.6.1).
enum ListElements {
    /// Calls `body` with each element, without surrounding white space. Empty elements are included.
    static func forEach<Failure: Error>(
        of list: Span<UInt8>,
        _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        while true {
            let end = list.firstIndex(of: ASCII.comma, from: start) ?? list.count
            let element = list.extracting(start..<end)
            try body(element.extracting(ASCII.trimmed(element)))
            if end == list.count { return }
            start = end + 1
        }
    }
}
