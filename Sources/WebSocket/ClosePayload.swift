/// The payload of a close frame: nothing, or a code in two bytes and a reason in UTF-8 (RFC 6455, section 5.5.1).
enum ClosePayload {
    /// Checks a payload that was received; `buffer` is the one that was given to the decoder.
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
