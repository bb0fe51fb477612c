import Primitives

/// Where the unmasked payload of a control frame is.
///
/// A payload that arrived in one piece, which is nearly always the case, stays in the caller's buffer. One that arrived
/// in several pieces is gathered in memory of its own. At most 125 bytes.
public enum ControlPayload: Hashable, Sendable {
    /// A range of the buffer that was passed to the decoder; valid until that buffer changes.
    case inBuffer(Range<Int>)
    /// Bytes in memory of their own.
    case gathered([UInt8])

    /// No bytes.
    public static let empty = ControlPayload.gathered([])

    /// The number of bytes.
    public var byteCount: Int {
        switch self {
        case .inBuffer(let range): range.count
        case .gathered(let bytes): bytes.count
        }
    }

    /// Appends the bytes to `output`; `buffer` is the one that was passed to the decoder. O(n).
    public func append(to output: inout [UInt8], from buffer: Span<UInt8>) {
        switch self {
        case .inBuffer(let range):
            output.append(contentsOf: buffer.extracting(range))
        case .gathered(let bytes):
            output += bytes
        }
    }

    /// A copy of the bytes; `buffer` is the one that was passed to the decoder. Allocates.
    public func bytes(from buffer: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes, from: buffer)
        return bytes
    }

    /// The payload without its first `byteCount` bytes.
    func dropFirst(_ byteCount: Int) -> ControlPayload {
        switch self {
        case .inBuffer(let range): .inBuffer(range.dropFirst(byteCount))
        case .gathered(let bytes): .gathered(Array(bytes.dropFirst(byteCount)))
        }
    }
}

/// The payload of a close frame: nothing, or a code in two bytes and a reason in UTF-8 (RFC 6455, section 5.5.1).
enum ClosePayload {
    /// Checks a payload that was received; `buffer` is the one that was passed to the decoder.
    static func event(of payload: ControlPayload, in buffer: Span<UInt8>) throws(WebSocketError) -> FrameEvent {
        switch payload {
        case .inBuffer(let range):
            let code = try checkedCode(buffer.extracting(range))
            return .close(code, reason: payload.dropFirst(2))
        case .gathered(let bytes):
            let code = try checkedCode(bytes.span)
            return .close(code, reason: payload.dropFirst(2))
        }
    }

    private static func checkedCode(_ payload: Span<UInt8>) throws(WebSocketError) -> CloseCode? {
        guard !payload.isEmpty else { return nil }
        guard payload.count >= 2 else { throw .closePayloadTruncated }
        let code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isValidOnWire else { throw .closeCodeInvalid }
        guard UTF8Validator.isValid(payload.extracting(2..<payload.count)) else { throw .closeReasonNotUTF8 }
        return code
    }
}
