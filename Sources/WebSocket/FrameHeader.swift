/// The header of a frame, which precedes its payload (RFC 6455, section 5.2).
struct FrameHeader: Hashable {
    /// Whether the frame is the last of its message.
    let isFinal: Bool
    /// The kind of the frame.
    let opcode: Opcode
    /// The key that masks the payload; all zero in an unmasked frame, so that applying it changes nothing.
    let maskKey: MaskKey
    /// The payload's length in bytes; the top bit is clear.
    let payloadByteCount: UInt64
    /// The header's own length in bytes, 2 to 14.
    let byteCount: Int
}

extension FrameHeader {
    /// Parses the header at the beginning of `bytes`; nil when more bytes are needed. 14 bytes always suffice.
    ///
    /// Checks the rules that hold for a single frame. The decoder checks those that depend on earlier frames. Errors
    /// are reported in a fixed order, so that they do not depend on how the bytes were split. Errors of the first two
    /// bytes are reported without waiting for the rest.
    static func parse(_ bytes: Span<UInt8>, endpoint: Endpoint) throws(WebSocketError) -> FrameHeader? {
        guard bytes.count >= 2 else { return nil }
        let first = bytes[0]
        let second = bytes[1]
        let opcode = try checkedOpcode(first, second, endpoint: endpoint)
        let extendedByteCount =
            switch second & 0x7F {
            case 126: 2
            case 127: 8
            default: 0
            }
        let keyByteCount = second & 0x80 == 0 ? 0 : 4
        let byteCount = 2 + extendedByteCount + keyByteCount
        guard bytes.count >= 2 + extendedByteCount else { return nil }
        var payloadByteCount = UInt64(second & 0x7F)
        if extendedByteCount > 0 {
            payloadByteCount = try checkedLength(bytes.extracting(2..<2 + extendedByteCount))
        }
        guard bytes.count >= byteCount else { return nil }
        var maskKey = MaskKey(0, 0, 0, 0)
        if keyByteCount > 0 {
            let start = 2 + extendedByteCount
            maskKey = MaskKey(bytes[start], bytes[start + 1], bytes[start + 2], bytes[start + 3])
        }
        return FrameHeader(
            isFinal: first & 0x80 != 0,
            opcode: opcode,
            maskKey: maskKey,
            payloadByteCount: payloadByteCount,
            byteCount: byteCount
        )
    }

    /// The opcode. Throws when the first two bytes break a rule.
    private static func checkedOpcode(
        _ first: UInt8, _ second: UInt8, endpoint: Endpoint
    ) throws(WebSocketError) -> Opcode {
        guard first & 0x70 == 0 else { throw .reservedBitSet }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .unknownOpcode }
        let isMasked = second & 0x80 != 0
        switch endpoint {
        case .server: guard isMasked else { throw .unmaskedFrame }
        case .client: guard !isMasked else { throw .maskedFrame }
        }
        if opcode.isControl {
            guard first & 0x80 != 0 else { throw .controlFrameFragmented }
            guard second & 0x7F <= WebSocketLimits.controlPayloadByteCountMax else { throw .controlFrameTooLong }
        }
        return opcode
    }

    /// The extended length, from two or eight bytes. It must not fit into fewer bytes.
    private static func checkedLength(_ bytes: Span<UInt8>) throws(WebSocketError) -> UInt64 {
        var length: UInt64 = 0
        for index in bytes.indices {
            length = length << 8 | UInt64(bytes[index])
        }
        guard length >> 63 == 0 else { throw .lengthOutOfRange }
        guard length > (bytes.count == 2 ? 125 : 0xFFFF) else { throw .lengthNotMinimal }
        return length
    }
}
