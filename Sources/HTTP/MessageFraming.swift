import HTTPTypes

/// What the fields of a head say about the message itself: where its body ends, and whether the connection persists.
///
/// Two readers of one message must never disagree about this, so anything ambiguous is an error (RFC 9112, sections 6.3
/// and 11.2).
struct MessageFraming {
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
    private(set) var host: String?
    private(set) var expectsContinue = false

    /// Examines each field once; O(bytes of the relevant fields).
    init(_ fields: HTTPFields, version: HTTPVersion) throws(HTTPParseError) {
        var codings = TransferCodings()
        for field in fields {
            switch field.name.canonicalName {
            case "content-length":
                guard contentLength == nil else { throw .contentLengthRepeated }
                contentLength = try Self.length(field.value)
            case "transfer-encoding": try codings.append(field.value)
            case "connection": appendConnection(field.value)
            case "host":
                guard host == nil else { throw .hostRepeated }
                host = field.value
            case "expect":
                let expectations = FieldList.members(of: field.value)
                guard !expectations.isEmpty,
                    expectations.allSatisfy({ $0.equalsIgnoringASCIICase("100-continue") })
                else { throw .expectationFailed }
                expectsContinue = true
            default: break
            }
        }
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
    private static func length(_ value: String) throws(HTTPParseError) -> Int {
        guard !value.isEmpty else { throw .malformedContentLength }
        var length = 0
        for byte in value.utf8 {
            guard ASCII.isDigit(byte) else { throw .malformedContentLength }
            let (product, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { throw .malformedContentLength }
            length = sum
        }
        return length
    }

    private mutating func appendConnection(_ value: String) {
        let utf8 = value.utf8
        ListElements.forEach(of: utf8.span) { (element: Span<UInt8>) in
            if ASCII.equals(element, ignoringCase: "close") { connection.insert(.close) }
            if ASCII.equals(element, ignoringCase: "keep-alive") { connection.insert(.keepAlive) }
            if ASCII.equals(element, ignoringCase: "upgrade") { connection.insert(.upgrade) }
        }
    }
}

/// The codings of all `Transfer-Encoding` fields of a head, in order.
private struct TransferCodings {
    private(set) var isPresent = false
    private var hasUnknown = false
    private var hasChunked = false

    /// Adds the codings of one field. Throws when the list is malformed or continues after `chunked`.
    mutating func append(_ value: String) throws(HTTPParseError) {
        isPresent = true
        let utf8 = value.utf8
        try ListElements.forEach(of: utf8.span) { (element: Span<UInt8>) throws(HTTPParseError) in
            // A coding with parameters is only unknown. An empty element or a stray byte is not a coding at all.
            let nameEnd = ASCII.firstIndex(of: ASCII.semicolon, in: element) ?? element.count
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
            let end = ASCII.firstIndex(of: ASCII.comma, in: list, from: start) ?? list.count
            let element = list.extracting(start..<end)
            try body(element.extracting(ASCII.trimmed(element)))
            if end == list.count { return }
            start = end + 1
        }
    }
}
