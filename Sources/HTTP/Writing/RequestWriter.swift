public import HTTPTypes

/// Appends HTTP/1.1 requests to the caller's buffer (RFC 9112, section 3): the client's side.
public enum RequestWriter {
    /// Appends a request for `target` (in origin-form: path and query, encoded) at `authority`. A body, even an empty
    /// one, gets a `Content-Length`; nil means no body.
    ///
    /// Precondition: no white space or control character in `target` and `authority`, no line break or NUL in a value,
    /// and neither `Host`, `Content-Length` nor `Transfer-Encoding` among `fields`. O(bytes).
    public static func append(
        _ method: HTTPRequest.Method,
        target: String,
        authority: String,
        fields: HTTPFields = [:],
        body: [UInt8]? = nil,
        to bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: method.rawValue.utf8)
        bytes.append(ASCII.space)
        MessageText.appendWord(target, to: &bytes)
        bytes.append(contentsOf: " HTTP/1.1\r\nHost: ".utf8)
        MessageText.appendWord(authority, to: &bytes)
        MessageText.appendLineBreak(to: &bytes)
        for field in fields {
            precondition(!isReserved(field.name.rawName.utf8.span), "the writer writes this field itself")
            MessageText.append(field, to: &bytes)
        }
        if let body {
            bytes.append(contentsOf: "Content-Length: \(body.count)\r\n".utf8)
        }
        MessageText.appendLineBreak(to: &bytes)
        if let body { bytes.append(contentsOf: body) }
    }

    private static func isReserved(_ name: Span<UInt8>) -> Bool {
        switch KnownField(name) {
        case .host, .contentLength, .transferEncoding: true
        case .connection, .upgrade, .expect, .contentType, .contentEncoding, .authorization, .origin, .forwardedFor,
            .requestID, .traceParent, .webSocketKey, .webSocketVersion, .webSocketProtocol, nil:
            false
        }
    }
}
