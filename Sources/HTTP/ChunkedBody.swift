/// Frames the body of a response whose length is not known when it begins (RFC 9112, section 7.1).
public enum ChunkedBody {
    /// Behind the last chunk; without it the peer sees that the response broke off.
    public static let end = Array("0\r\n\r\n".utf8)

    /// Appends `data` as one chunk; nothing when it is empty, as an empty chunk would be the end. O(bytes).
    public static func append(_ data: Span<UInt8>, to bytes: inout [UInt8]) {
        guard !data.isEmpty else { return }
        bytes.append(contentsOf: String(data.count, radix: 16).utf8)
        MessageText.appendLineBreak(to: &bytes)
        MessageText.append(data, to: &bytes)
        MessageText.appendLineBreak(to: &bytes)
    }
}
