import Primitives

/// The value of a `traceparent` field: the caller's span, and whether the caller records it (W3C Trace Context, section
/// 3.2).
struct TraceParent: Hashable {
    let context: TraceContext
    let isSampled: Bool

    private static let byteCount = 55

    /// Reads `00-TRACEID-SPANID-FLAGS`; nil when it is malformed or an identifier is 0. A later version may have more
    /// after the flags.
    init?(_ value: Span<UInt8>) {
        guard value.count >= Self.byteCount, Self.isSeparated(value),
            let version = Self.number(value, 0..<2), version != 0xff,
            version == 0 ? value.count == Self.byteCount : Self.endsThere(value),
            let high = Self.number(value, 3..<19), let low = Self.number(value, 19..<35),
            let span = Self.number(value, 36..<52), let flags = Self.number(value, 53..<55),
            high | low != 0, span != 0
        else { return nil }
        context = TraceContext(traceIDHigh: high, traceIDLow: low, spanID: span)
        isSampled = flags & 1 == 1
    }

    private static func isSeparated(_ value: Span<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return value[2] == hyphen && value[35] == hyphen && value[52] == hyphen
    }

    private static func endsThere(_ value: Span<UInt8>) -> Bool {
        value.count == byteCount || value[byteCount] == UInt8(ascii: "-")
    }

    /// The number that lower-case hexadecimal digits write.
    private static func number(_ value: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var number: UInt64 = 0
        for index in range {
            switch value[index] {
            case let byte where 0x30...0x39 ~= byte: number = number << 4 | UInt64(byte - 0x30)
            case let byte where 0x61...0x66 ~= byte: number = number << 4 | UInt64(byte - 0x61 + 10)
            default: return nil
            }
        }
        return number
    }
}
