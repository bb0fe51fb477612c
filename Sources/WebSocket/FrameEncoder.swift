import Primitives

/// Appends frames to the caller's bytes (RFC 6455, section 5).
///
/// Allocates only when the output grows: reserve `frameByteCount(payloadByteCount:isMasked:)` to avoid it. A client
/// passes a mask key, a new one for each frame; a server passes none.
public enum FrameEncoder {
    /// A ping without payload from a server: the same two bytes for every connection.
    public static let emptyPing: [UInt8] = [0x89, 0x00]
    /// A pong without payload from a server.
    public static let emptyPong: [UInt8] = [0x8A, 0x00]
    /// A close frame without code from a server.
    public static let emptyClose: [UInt8] = [0x88, 0x00]

    /// The length of a header in bytes, 2 to 14.
    public static func headerByteCount(payloadByteCount: Int, isMasked: Bool) -> Int {
        let lengthByteCount =
            switch payloadByteCount {
            case ...125: 1
            case ...0xFFFF: 3
            default: 9
            }
        return 1 + lengthByteCount + (isMasked ? 4 : 0)
    }

    /// The length of a whole frame in bytes.
    public static func frameByteCount(payloadByteCount: Int, isMasked: Bool) -> Int {
        headerByteCount(payloadByteCount: payloadByteCount, isMasked: isMasked) + payloadByteCount
    }

    /// Appends a frame's header. The caller appends the payload, masked with the same key if there is one. O(1).
    ///
    /// - Precondition: A control frame is final and its payload has at most 125 bytes.
    public static func appendHeader(
        opcode: Opcode, payloadByteCount: Int, isFinal: Bool = true, mask: MaskKey? = nil, to output: inout [UInt8]
    ) {
        precondition(payloadByteCount >= 0)
        precondition(
            !opcode.isControl || (isFinal && payloadByteCount <= WebSocketLimits.controlPayloadByteCountMax),
            "a control frame is whole and short"
        )
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        output.append((isFinal ? 0x80 : 0) | opcode.rawValue)
        switch payloadByteCount {
        case ...125:
            output.append(maskBit | UInt8(payloadByteCount))
        case ...0xFFFF:
            output.append(maskBit | 126)
            appendBigEndian(UInt64(payloadByteCount), byteCount: 2, to: &output)
        default:
            output.append(maskBit | 127)
            appendBigEndian(UInt64(payloadByteCount), byteCount: 8, to: &output)
        }
        if let mask {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                output.append(UInt8(truncatingIfNeeded: mask.bits >> shift))
            }
        }
    }

    /// Appends a whole frame. O(n).
    ///
    /// - Precondition: A control frame is final and its payload has at most 125 bytes; the payload of a close frame is
    ///   empty or begins with a valid code.
    public static func append(
        opcode: Opcode, payload: Span<UInt8>, isFinal: Bool = true, mask: MaskKey? = nil, to output: inout [UInt8]
    ) {
        appendHeader(
            opcode: opcode, payloadByteCount: payload.count, isFinal: isFinal, mask: mask, to: &output
        )
        let payloadStart = output.count
        output.append(contentsOf: payload)
        maskPayload(of: &output, from: payloadStart, with: mask)
    }

    /// Appends the answer to a ping; `buffer` is the one that was passed to the decoder. O(n).
    public static func appendPong(
        answering payload: ControlPayload, from buffer: Span<UInt8>, mask: MaskKey? = nil, to output: inout [UInt8]
    ) {
        appendHeader(opcode: .pong, payloadByteCount: payload.byteCount, mask: mask, to: &output)
        let payloadStart = output.count
        payload.append(to: &output, from: buffer)
        maskPayload(of: &output, from: payloadStart, with: mask)
    }

    /// Appends a close frame with a code and a reason, or an empty one. A reason over 123 bytes is cut between two
    /// scalars.
    ///
    /// - Precondition: `code` may be on the wire (`isValidOnWire`); without a code there is no reason.
    public static func appendClose(
        code: CloseCode?, reason: String = "", mask: MaskKey? = nil, to output: inout [UInt8]
    ) {
        guard let code else {
            precondition(reason.isEmpty, "a reason requires a code")
            appendHeader(opcode: .close, payloadByteCount: 0, mask: mask, to: &output)
            return
        }
        precondition(code.isValidOnWire, "the code is not allowed on the wire")
        let reasonByteCount = reason.utf8ByteCountOfWholeScalars(atMost: WebSocketLimits.closeReasonByteCountMax)
        appendHeader(opcode: .close, payloadByteCount: 2 + reasonByteCount, mask: mask, to: &output)
        let payloadStart = output.count
        appendBigEndian(UInt64(code.rawValue), byteCount: 2, to: &output)
        output.append(contentsOf: reason.utf8.prefix(reasonByteCount))
        maskPayload(of: &output, from: payloadStart, with: mask)
    }

    private static func appendBigEndian(_ value: UInt64, byteCount: Int, to output: inout [UInt8]) {
        for index in stride(from: byteCount - 1, through: 0, by: -1) {
            output.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))))
        }
    }

    private static func maskPayload(of output: inout [UInt8], from payloadStart: Int, with mask: MaskKey?) {
        guard var key = mask else { return }
        var bytes = output.mutableSpan
        key.apply(to: &bytes, in: payloadStart..<bytes.count)
    }
}

extension String {
    /// The byte count, in UTF-8, of the longest prefix that ends between two scalars and has at most `byteCountMax`
    /// bytes.
    func utf8ByteCountOfWholeScalars(atMost byteCountMax: Int) -> Int {
        var byteCount = 0
        for scalar in unicodeScalars {
            let scalarByteCount = UTF8.width(scalar)
            guard byteCount + scalarByteCount <= byteCountMax else { break }
            byteCount += scalarByteCount
        }
        return byteCount
    }
}
