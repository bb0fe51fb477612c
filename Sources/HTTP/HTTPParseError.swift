public import HTTPTypes

/// Why a peer's bytes are no acceptable HTTP/1.1 message.
///
/// The raw value is the stable code: it stands in error bodies and is the label of the metric. Whatever the error,
/// the place where the next message begins is unknown, so the connection ends after the answer. None is worth a
/// retry of the same bytes.
public enum HTTPParseError: String, Error, CaseIterable, Sendable {
    /// The first line is no `method SP target SP version`.
    case malformedRequestLine = "malformed_request_line"
    /// The first line of a response is no status line.
    case malformedStatusLine = "malformed_status_line"
    /// The request line, or status line, is longer than its limit.
    case startLineTooLong = "start_line_too_long"
    /// The target has a form or a byte that is not allowed for the method.
    case malformedTarget = "malformed_target"
    /// The path has a `%` without two hexadecimal digits, or an encoded NUL.
    case malformedPercentEncoding = "malformed_percent_encoding"
    /// An item of the query cannot be decoded to UTF-8.
    case malformedQuery = "malformed_query"
    /// A method that a server of origin does not offer (`CONNECT`).
    case methodNotImplemented = "method_not_implemented"
    /// A version other than 1.x.
    case versionNotSupported = "version_not_supported"
    /// A carriage return or a line feed stands alone.
    case bareLineBreak = "bare_line_break"
    /// A control character where text belongs.
    case controlCharacter = "control_character"
    /// A field line without a colon, without a name, or with a name that is no token.
    case malformedFieldName = "malformed_field_name"
    /// White space between a field's name and the colon.
    case whitespaceBeforeColon = "whitespace_before_colon"
    /// A field line that begins with white space.
    case obsoleteFolding = "obsolete_folding"
    /// A field's value has bytes that no value may have.
    case malformedFieldValue = "malformed_field_value"
    /// The field lines are larger than their limit.
    case fieldsTooLarge = "fields_too_large"
    /// There are more field lines than the limit.
    case tooManyFields = "too_many_fields"
    /// HTTP/1.1 without `Host`.
    case hostMissing = "host_missing"
    /// More than one `Host`.
    case hostRepeated = "host_repeated"
    /// `Host`, or the authority of the target, is no host with an optional port.
    case malformedHost = "malformed_host"
    /// `Content-Length` is no decimal number of 63 bits.
    case malformedContentLength = "malformed_content_length"
    /// `Content-Length` more than once, though it be the same.
    case contentLengthRepeated = "content_length_repeated"
    /// `Content-Length` beside `Transfer-Encoding`.
    case contentLengthWithTransferEncoding = "content_length_with_transfer_encoding"
    /// `Transfer-Encoding` that is no list of codings ending in one `chunked`.
    case malformedTransferEncoding = "malformed_transfer_encoding"
    /// A transfer coding other than `chunked`.
    case transferEncodingNotImplemented = "transfer_encoding_not_implemented"
    /// `Transfer-Encoding` in a message of HTTP/1.0.
    case transferEncodingInHTTP10 = "transfer_encoding_in_http_1_0"
    /// An expectation other than `100-continue`.
    case expectationFailed = "expectation_failed"
    /// The body is, or says that it is, larger than its limit.
    case bodyTooLarge = "body_too_large"
    /// A chunk whose size is no hexadecimal number, or whose content does not end where it said.
    case malformedChunk = "malformed_chunk"
    /// The chunk extensions are larger than their limit.
    case chunkExtensionsTooLarge = "chunk_extensions_too_large"
    /// The trailer lines are larger than their limit.
    case trailersTooLarge = "trailers_too_large"
    /// The peer closed within a message.
    case prematureEnd = "premature_end"

    /// The stable code, also the label of the metric.
    public var code: String { rawValue }

    /// The status that answers it. For the two that only a client meets, what a gateway would answer.
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
