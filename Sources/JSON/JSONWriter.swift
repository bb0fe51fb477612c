public import Primitives

/// Appends JSON (RFC 8259) to a buffer.
///
/// A message is written once, byte by byte, for all its subscribers. A general encoder would first build a tree and a
/// copy of it.
public struct JSONWriter {
    /// The bytes written so far.
    public var bytes: [UInt8] = []

    /// Creates a writer with an empty buffer.
    public init() {}

    /// Appends text that is JSON already.
    @inlinable
    public mutating func raw(_ text: StaticString) {
        // SAFETY: the bytes of a literal are copied before the closure returns.
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends bytes that are JSON already.
    @inlinable
    public mutating func raw(_ json: [UInt8]) { bytes.append(contentsOf: json) }

    /// Appends a whole number.
    public mutating func number(_ value: Int) { bytes.append(contentsOf: String(value).utf8) }

    /// Appends `true` or `false`.
    @inlinable
    public mutating func boolean(_ value: Bool) { raw(value ? "true" : "false") }

    /// Appends a string with its quotes. Escapes only what must be escaped.
    public mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        _ = escaped(text, from: 0, byteCountMax: .max)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends the contents of a string, from the byte `start` of its UTF-8 and at most `byteCountMax` of its bytes.
    /// Returns where to continue; nil at the end. A byte grows to at most six.
    public mutating func escaped(_ text: String, from start: Int, byteCountMax: Int) -> Int? {
        let utf8 = text.utf8
        let all = utf8.span
        let end = start + min(byteCountMax, all.count - start)
        let source = all.extracting(start..<end)
        // Runs of bytes that need no escape are copied whole.
        var runStart = 0
        for index in source.indices where Self.needsEscape(source[index]) {
            if runStart < index { bytes.append(contentsOf: source.extracting(runStart..<index)) }
            appendEscape(of: source[index])
            runStart = index + 1
        }
        if runStart < source.count { bytes.append(contentsOf: source.extracting(runStart..<source.count)) }
        return end == all.count ? nil : end
    }

    /// Whether a string must not have the byte as it is (RFC 8259, section 7).
    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(of byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            raw("u00")
            bytes.append(Self.hexadecimal(byte >> 4))
            bytes.append(Self.hexadecimal(byte & 0xF))
        }
    }

    /// Appends a string with its quotes, or `null`.
    public mutating func string(orNull text: String?) {
        if let text { string(text) } else { raw("null") }
    }

    /// Appends a time as a string (RFC 3339, UTC, microseconds).
    public mutating func time(_ time: Timestamp) {
        bytes.append(UInt8(ascii: "\""))
        time.append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
