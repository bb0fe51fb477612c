public import HTTPTypes

/// Why a peer's bytes are not an acceptable HTTP/1.1 message.
///
/// The raw value is the stable code in error bodies and the label of the metric. After any error the beginning of the
/// next message is unknown, so the connection ends after the response. A retry with the same bytes fails again.
public enum HTTPParseError: String, Error, CaseIterable, Sendable {
    /// The first line is not `method SP target SP version`.
    case malformedRequestLine = "malformed_request_line"
    /// The first line of a response is not a status line.
    case malformedStatusLine = "malformed_status_line"
    /// The request line or status line is longer than its limit.
    case startLineTooLong = "start_line_too_long"
    /// The target has a form or a byte that is not allowed for the method.
    case malformedTarget = "malformed_target"
    /// The path has a `%` without two hexadecimal digits, or an encoded NUL.
    case malformedPercentEncoding = "malformed_percent_encoding"
    /// An item of the query cannot be decoded to UTF-8.
    case malformedQuery = "malformed_query"
    /// A method that an origin server does not implement (`CONNECT`).
    case methodNotImplemented = "method_not_implemented"
    /// A version other than 1.x.
    case versionNotSupported = "version_not_supported"
    /// A carriage return or a line feed without the other.
    case bareLineBreak = "bare_line_break"
    /// A control character in text.
    case controlCharacter = "control_character"
    /// A field line without a colon, without a name, or with a name that is not a token.
    case malformedFieldName = "malformed_field_name"
    /// White space between a field's name and the colon.
    case whitespaceBeforeColon = "whitespace_before_colon"
    /// A field line that begins with white space.
    case obsoleteFolding = "obsolete_folding"
    /// A field's value contains bytes that no value may contain.
    case malformedFieldValue = "malformed_field_value"
    /// The field lines are larger than their limit.
    case fieldsTooLarge = "fields_too_large"
    /// There are more field lines than the limit.
    case tooManyFields = "too_many_fields"
    /// HTTP/1.1 without `Host`.
    case hostMissing = "host_missing"
    /// More than one `Host`.
    case hostRepeated = "host_repeated"
    /// `Host`, or the authority of the target, is not a host with an optional port.
    case malformedHost = "malformed_host"
    /// `Content-Length` is not a decimal number of at most 63 bits.
    case malformedContentLength = "malformed_content_length"
    /// More than one `Content-Length`, even with the same value.
    case contentLengthRepeated = "content_length_repeated"
    /// `Content-Length` together with `Transfer-Encoding`.
    case contentLengthWithTransferEncoding = "content_length_with_transfer_encoding"
    /// `Transfer-Encoding` is not a list of codings that ends in a single `chunked`.
    case malformedTransferEncoding = "malformed_transfer_encoding"
    /// A transfer coding other than `chunked`.
    case transferEncodingNotImplemented = "transfer_encoding_not_implemented"
    /// `Transfer-Encoding` in an HTTP/1.0 message.
    case transferEncodingInHTTP10 = "transfer_encoding_in_http_1_0"
    /// An expectation other than `100-continue`.
    case expectationFailed = "expectation_failed"
    /// The body is larger than its limit, or announces that it will be.
    case bodyTooLarge = "body_too_large"
    /// A chunk whose size is not a hexadecimal number, or whose content does not end after that size.
    case malformedChunk = "malformed_chunk"
    /// The chunk extensions are larger than their limit.
    case chunkExtensionsTooLarge = "chunk_extensions_too_large"
    /// The trailer lines are larger than their limit.
    case trailersTooLarge = "trailers_too_large"
    /// The peer closed within a message.
    case prematureEnd = "premature_end"

    /// The stable code, also the label of the metric.
    public var code: String { rawValue }

    /// The status of the response. For the two errors that only a client meets, the status that a gateway would send.
    public var status: HTTPResponse.Status {
        switch self {
        case .malformedRequestLine, .malformedTarget, .malformedPercentEncoding, .malformedQuery, .bareLineBreak,
            .controlCharacter, .malformedFieldName, .whitespaceBeforeColon, .obsoleteFolding, .malformedFieldValue,
            .hostMissing, .hostRepeated, .malformedHost, .malformedContentLength, .contentLengthRepeated,
            .contentLengthWithTransferEncoding, .malformedTransferEncoding, .transferEncodingInHTTP10,
            .malformedChunk, .chunkExtensionsTooLarge:
            .badRequest
        case .bodyTooLarge: .contentTooLarge
        case .startLineTooLong: .uriTooLong
        case .expectationFailed: .expectationFailed
        case .fieldsTooLarge, .tooManyFields, .trailersTooLarge: .requestHeaderFieldsTooLarge
        case .methodNotImplemented, .transferEncodingNotImplemented: .notImplemented
        case .versionNotSupported: .httpVersionNotSupported
        case .malformedStatusLine, .prematureEnd: .badGateway
        }
    }
}
