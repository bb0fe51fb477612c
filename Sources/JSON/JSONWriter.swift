public import Primitives

/// Appends JSON (RFC 8259) to a buffer.
///
/// A message is written once for all its subscribers. A general encoder would first build a tree and a copy of it.
public struct JSONWriter {
    /// The bytes written so far.
    public var bytes: [UInt8] = []

    /// Creates a writer with an empty buffer.
    public init() {}

    /// Appends text that is JSON already.
    @inlinable
    public mutating func raw(_ text: StaticString) { bytes.append(contentsOf: text) }

    /// Appends bytes that are JSON already.
    @inlinable
    public mutating func raw(_ json: [UInt8]) { bytes.append(contentsOf: json.span) }

    /// Appends a whole number.
    public mutating func number(_ value: Int) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = digits.count
        var rest = value.magnitude
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(contentsOf: digits.span.extracting(start..<digits.count))
    }

    /// Appends `true` or `false`.
    @inlinable
    public mutating func boolean(_ value: Bool) { if value { raw("true") } else { raw("false") } }

    /// Appends a string with its quotes. Escapes only what must be escaped.
    public mutating func string(_ text: String) {
        let utf8 = text.utf8
        bytes.append(UInt8(ascii: "\""))
        escaped(utf8.span)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends the contents of a string, from the byte `start` of its UTF-8 and at most `byteCountMax` of its bytes.
    /// Returns where to continue; nil at the end. A byte grows to at most six.
    public mutating func escaped(_ text: String, from start: Int, byteCountMax: Int) -> Int? {
        let utf8 = text.utf8
        let all = utf8.span
        let end = start + min(byteCountMax, all.count - start)
        escaped(all.extracting(start..<end))
        return end == all.count ? nil : end
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
}
