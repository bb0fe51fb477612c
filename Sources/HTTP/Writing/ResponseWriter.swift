public import HTTPTypes
public import Primitives

/// Appends HTTP/1.1 responses to the caller's buffer (RFC 9112, section 4).
///
/// It writes the status line, `Date`, `Content-Type`, `Content-Length`, `Transfer-Encoding` and `Connection`; all other
/// fields come from `fields`, and one of its own among them stops the process. One writer serves all connections of a
/// thread, so that `Date` is formatted once per second.
public struct ResponseWriter: Sendable {
    /// A whole `100 Continue`: sent when the server wants the body of a request that expects it.
    public static let continueResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// The usual size of a response's head, in bytes.
    private static let headByteCountTypical = 256

    private var date = HTTPDate()

    /// A writer; O(1), no allocation.
    public init() {}

    /// Appends a whole response. For `HEAD` the body is omitted, and `Content-Length` still counts it.
    ///
    /// Precondition: no body with 1xx, 204 and 304. O(bytes); allocates when `bytes` has to grow, and once a second.
    public mutating func append(
        _ status: HTTPResponse.Status,
        contentType: StaticString? = nil,
        fields: FieldLines = FieldLines(),
        body: Span<UInt8>,
        context: ResponseContext,
        at now: Timestamp,
        to bytes: inout [UInt8]
    ) {
        appendHead(
            status,
            contentType: contentType,
            contentLength: body.count,
            fields: fields,
            context: context,
            at: now,
            to: &bytes
        )
        if !context.omitsBody { bytes.append(contentsOf: body) }
    }

    /// Appends a response without a body.
    public mutating func append(
        _ status: HTTPResponse.Status,
        fields: FieldLines = FieldLines(),
        context: ResponseContext,
        at now: Timestamp,
        to bytes: inout [UInt8]
    ) {
        appendHead(status, contentLength: 0, fields: fields, context: context, at: now, to: &bytes)
    }

    /// Appends the head of a response whose body of `contentLength` bytes the caller sends itself, unless the context
    /// omits it.
    ///
    /// Precondition: `contentLength` is 0 for 1xx, 204 and 304, which have no `Content-Length`.
    public mutating func appendHead(
        _ status: HTTPResponse.Status,
        contentType: StaticString? = nil,
        contentLength: Int,
        fields: FieldLines = FieldLines(),
        context: ResponseContext,
        at now: Timestamp,
        to bytes: inout [UInt8]
    ) {
        precondition(contentLength >= 0)
        let hasBody = status.code >= 200 && status.code != 204 && status.code != 304
        precondition(hasBody || contentLength == 0, "a response of this status has no body")
        // Without a reservation an array grows by doubling. Reserve only when it is new.
        if bytes.isEmpty {
            bytes.reserveCapacity(Self.headByteCountTypical + (context.omitsBody ? 0 : contentLength))
        }
        appendHead(
            status, contentType: contentType, body: hasBody ? .length(contentLength) : .none, fields: fields,
            context: context, at: now, to: &bytes)
    }

    /// Appends the head of a response whose body the caller sends itself. `body` is its delimitation: `.none` for 1xx,
    /// 204 and 304; `.chunked` for HTTP/1.1 clients (the caller frames the chunks with `ChunkedBody`); `.untilClose`
    /// with a context that ends the connection (RFC 9112, section 6.3).
    public mutating func appendHead(
        _ status: HTTPResponse.Status,
        contentType: StaticString? = nil,
        body: ResponseBodyKind,
        fields: FieldLines = FieldLines(),
        context: ResponseContext,
        at now: Timestamp,
        to bytes: inout [UInt8]
    ) {
        precondition(body != .untilClose || !context.keepsConnection, "the end of the connection ends this body")
        precondition(body != .chunked || context.acceptsChunks, "HTTP/1.0 knows no chunks")
        let isSwitching = status.code == 101
        precondition(
            !fields.hasReservedField && (isSwitching || !fields.hasConnection), "the writer writes this field itself")
        date.update(to: now)
        let usualLine = Self.usualStatusLine(status.code)
        if usualLine == nil { Self.appendStatusLine(status, to: &bytes) }
        let room = Self.headByteCountTypical + (contentType?.utf8CodeUnitCount ?? 0) + fields.bytes.count
        bytes.append(room: room) { cursor in
            if let usualLine { cursor.put(usualLine) }
            cursor.put(date.line.span)
            if let contentType {
                cursor.put("Content-Type: ")
                cursor.put(contentType)
                cursor.put("\r\n")
            }
            switch body {
            case .none, .untilClose: break
            case .length(let byteCount):
                cursor.put("Content-Length: ")
                cursor.put(decimal: byteCount)
                cursor.put("\r\n")
            case .chunked: cursor.put("Transfer-Encoding: chunked\r\n")
            }
            // An `Upgrade` field, as in a 426, concerns a single hop, so `Connection` must name it (RFC 9110, section
            // 7.8).
            let isUpgradeNamed = status.code == 426
            switch context.connection {
            case _ where isSwitching: break
            case .persists: if isUpgradeNamed { cursor.put("Connection: upgrade\r\n") }
            case .persistsHTTP10: cursor.put("Connection: keep-alive\r\n")
            case .closes: cursor.put(isUpgradeNamed ? "Connection: close, upgrade\r\n" : "Connection: close\r\n")
            }
            cursor.put(fields.bytes.span)
            cursor.put("\r\n")
        }
    }

    /// The status line of a response that is sent often.
    private static func usualStatusLine(_ code: Int) -> StaticString? {
        switch code {
        case 200: "HTTP/1.1 200 OK\r\n"
        case 201: "HTTP/1.1 201 Created\r\n"
        default: nil
        }
    }

    @inline(never)
    private static func appendStatusLine(_ status: HTTPResponse.Status, to bytes: inout [UInt8]) {
        let reason = status.reasonPhrase.utf8
        MessageText.check(reason.span)
        bytes.append(contentsOf: "HTTP/1.1 \(status.code) ".utf8)
        bytes.append(contentsOf: reason.span)
        MessageText.appendLineBreak(to: &bytes)
    }
}

/// Frames the body of a response whose length is unknown when it begins (RFC 9112, section 7.1).
public enum ChunkedBody {
    /// Follows the last chunk. Without it the peer knows that the response is incomplete.
    public static let end = Array("0\r\n\r\n".utf8)

    /// Appends `data` as one chunk; nothing when it is empty, because an empty chunk would end the body. O(bytes).
    public static func append(_ data: Span<UInt8>, to bytes: inout [UInt8]) {
        guard !data.isEmpty else { return }
        bytes.append(contentsOf: String(data.count, radix: 16).utf8)
        MessageText.appendLineBreak(to: &bytes)
        bytes.append(contentsOf: data)
        MessageText.appendLineBreak(to: &bytes)
    }
}
