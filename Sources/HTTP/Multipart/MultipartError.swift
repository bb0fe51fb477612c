/// Why bytes are no acceptable `multipart/form-data`. The raw value is the stable code.
public enum MultipartError: String, Error, CaseIterable, Sendable {
    /// The media type is another one, or has no usable boundary.
    case notMultipart = "not_multipart"
    /// A boundary is followed by neither a line break nor `--`.
    case malformedBoundary = "malformed_boundary"
    /// A part's head is no list of fields, or has no `Content-Disposition: form-data` with a name.
    case malformedPart = "malformed_part"
    /// A part's head is larger than its limit.
    case partHeadTooLarge = "part_head_too_large"
    /// There are more parts than the limit.
    case tooManyParts = "too_many_parts"
    /// The body ended before the closing boundary.
    case truncated = "truncated_multipart"
}
