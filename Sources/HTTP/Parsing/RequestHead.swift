public import HTTPTypes
import Primitives

/// How the body of a request is delimited.
public enum RequestBodyKind: Hashable, Sendable {
    /// The request has no body.
    case none
    /// That many bytes, 0 or more.
    case length(Int)
    /// Chunks, whose total is not known in advance.
    case chunked
}

/// A request without its body.
///
/// It has a copy of the received bytes, and knows where the parts are that the server reads. A copy of the head shares
/// them. Texts are made for those who ask for them. Any thread may read it.
public struct RequestHead: @unchecked Sendable {
    // @unchecked: the compiler trusts no subclass of `ManagedBuffer`. Nothing changes after it was made.
    private let storage: RequestHeadStorage

    /// The head whose bytes, from the first line to the empty one, were found to be complete.
    init(_ bytes: Span<UInt8>, _ index: RequestHeadIndex) {
        guard let line = index.requestLine else { preconditionFailure("a head has a first line") }
        let start = line.targetStart
        func moved(_ range: Range<Int>) -> Range<Int> { range.lowerBound + start..<range.upperBound + start }
        let more: StaticString
        let path: Range<Int>
        switch line.target.path {
        case .received(let range): (more, path) = ("", moved(range))
        case .root: (more, path) = ("/", bytes.count..<bytes.count + 1)
        case .asterisk: (more, path) = ("*", bytes.count..<bytes.count + 1)
        }
        let framing = index.framing
        let body: RequestBodyKind =
            if framing.isChunked { .chunked } else if let length = framing.contentLength { .length(length) } else {
                .none
            }
        let isHTTP11 = line.version == .http11
        storage = .make(
            bytes, more,
            RequestHeadInfo(
                method: line.method, version: line.version, body: body,
                keepAlive: framing.isPersistent(in: line.version),
                // An HTTP/1.0 client does not know the interim response, and a client without a body does not wait for
                // it.
                expectsContinue: framing.expectsContinue && isHTTP11 && body != .none && body != .length(0),
                upgradeRequested: framing.connection.contains(.upgrade) && isHTTP11,
                fieldLines: index.fieldsStart..<index.lineStart - 2,
                path: path, query: line.target.query.map(moved),
                authority: line.target.authority.map(moved) ?? index.values[.host]?.range,
                values: index.values, byteCount: 0))
    }

    /// A head as a parser would return it, for tests of handlers. Its parts are not checked.
    public init(
        method: HTTPRequest.Method,
        path: String,
        rawQuery: String? = nil,
        authority: String? = nil,
        version: HTTPVersion = .http11,
        fields: HTTPFields = [:],
        body: RequestBodyKind = .none,
        keepAlive: Bool = true,
        expectsContinue: Bool = false,
        upgradeRequested: Bool = false
    ) {
        var bytes: [UInt8] = []
        func append(_ text: String) -> Range<Int> {
            let start = bytes.count
            bytes += text.utf8
            return start..<bytes.count
        }
        var values = KnownFieldRanges()
        for field in fields {
            let name = append(field.name.rawName)
            bytes.append(ASCII.colon)
            let value = append(field.value)
            MessageText.appendLineBreak(to: &bytes)
            if let known = KnownField(bytes.span.extracting(name)) { values.add(known, value) }
        }
        let fieldLines = 0..<bytes.count
        let info = RequestHeadInfo(
            method: method, version: version, body: body, keepAlive: keepAlive, expectsContinue: expectsContinue,
            upgradeRequested: upgradeRequested, fieldLines: fieldLines, path: append(path),
            query: rawQuery.map(append), authority: authority.map(append), values: values, byteCount: 0)
        storage = .make(bytes.span, "", info)
    }

    /// The method: any token; the router decides which are served.
    public var method: HTTPRequest.Method { storage.header.method }
    /// Whether the method is `GET`.
    public var isGet: Bool { method == .get }
    /// The version of the request.
    public var version: HTTPVersion { storage.header.version }
    /// How the body is delimited.
    public var body: RequestBodyKind { storage.header.body }
    /// Whether the client may send another request on the connection (RFC 9112, section 9.3).
    public var keepAlive: Bool { storage.header.keepAlive }
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1).
    public var expectsContinue: Bool { storage.header.expectsContinue }
    /// Whether `Connection` has the token `upgrade`, in HTTP/1.1; `Upgrade` names the protocol.
    public var upgradeRequested: Bool { storage.header.upgradeRequested }

    /// The path as received, validated and still percent-encoded: `/…`, or `*` for `OPTIONS`. Copies.
    public var path: String { text(storage.header.path) }
    /// The text after the `?`, as received; nil when there is none. Copies.
    public var rawQuery: String? { storage.header.query.map(text) }
    /// The host and optional port, from an absolute target or else from `Host`; nil only in HTTP/1.0. Copies.
    public var authority: String? { storage.header.authority.map(text) }
    /// The items of the query. Copies.
    public var query: QueryItems { QueryItems(rawQuery) }

    /// The bytes of the path.
    var pathBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.bytes.extracting(storage.header.path) }
    }

    // MARK: - Fields

    /// Whether the head has a field.
    public func has(_ field: KnownField) -> Bool { storage.header.values[field] != nil }

    /// The value of a field; that of several field lines is one list (RFC 9110, section 5.3). Nil when there is none.
    /// Copies.
    public subscript(_ field: KnownField) -> String? {
        guard let (range, isRepeated) = storage.header.values[field] else { return nil }
        return isRepeated ? values(of: field).joined(separator: ", ") : text(range)
    }

    /// The values of all field lines of a field, in their order. Copies.
    public func values(of field: KnownField) -> [String] {
        guard let (range, isRepeated) = storage.header.values[field] else { return [] }
        if !isRepeated { return [text(range)] }
        var values: [String] = []
        forEachLine { (name: Span<UInt8>, value: Span<UInt8>) in
            if KnownField(name) == field { values.append(Self.text(value)) }
        }
        return values
    }

    /// The value of a field that one field line has, as it is in the received bytes. Nil when no line, or several, have
    /// it.
    @_lifetime(borrow self)
    public func value(of field: KnownField) -> Span<UInt8>? {
        guard let (range, isRepeated) = storage.header.values[field], !isRepeated else { return nil }
        return storage.bytes.extracting(range)
    }

    /// Calls `body` with the value of each field line of a field, in their order, as it is in the received bytes.
    public func forEachValue(of field: KnownField, _ body: (Span<UInt8>) -> Void) {
        guard let (range, isRepeated) = storage.header.values[field] else { return }
        guard isRepeated else { return body(storage.bytes.extracting(range)) }
        forEachLine { (name: Span<UInt8>, value: Span<UInt8>) in
            if KnownField(name) == field { body(value) }
        }
    }

    /// All fields in their order, including `Host` and the framing fields. Makes and copies each: for tests and rare
    /// requests.
    public var fields: HTTPFields {
        var fields = HTTPFields()
        forEachLine { (name: Span<UInt8>, value: Span<UInt8>) in
            if let field = FieldLine.field(name, value) { fields.append(field) }
        }
        return fields
    }

    private func forEachLine(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
        let bytes = storage.bytes
        var start = storage.header.fieldLines.lowerBound
        while start < storage.header.fieldLines.upperBound,
            let end = bytes.firstIndex(of: ASCII.carriageReturn, from: start)
        {
            let line = bytes.extracting(start..<end)
            start = end + 2
            guard let colon = line.firstIndex(of: ASCII.colon) else { continue }
            let rest = line.extracting(colon + 1..<line.count)
            body(line.extracting(0..<colon), rest.extracting(ASCII.trimmed(rest)))
        }
    }

    private func text(_ range: Range<Int>) -> String { Self.text(storage.bytes.extracting(range)) }

    /// Bytes that are not UTF-8 are repaired, as a text cannot represent them.
    private static func text(_ bytes: Span<UInt8>) -> String {
        if let text = ASCII.text(bytes) { return text }
        var copy: [UInt8] = []
        copy.append(contentsOf: bytes)
        return String(decoding: copy, as: UTF8.self)
    }
}

extension RequestHead: Equatable {
    /// Whether all parts are equal.
    public static func == (left: Self, right: Self) -> Bool {
        left.method == right.method && left.version == right.version && left.path == right.path
            && left.rawQuery == right.rawQuery && left.authority == right.authority && left.body == right.body
            && left.keepAlive == right.keepAlive && left.expectsContinue == right.expectsContinue
            && left.upgradeRequested == right.upgradeRequested && left.fields == right.fields
    }
}
