package import Primitives

/// Appends JSON (RFC 8259) to a buffer.
///
/// A message is written once, byte by byte, for all its subscribers. A general encoder would first build a tree and a
/// copy of it.
package struct JSONWriter {
    /// The bytes written so far.
    package var bytes: [UInt8] = []

    /// Creates a writer with an empty buffer.
    package init() {}

    /// Appends text that is JSON already.
    package mutating func raw(_ text: StaticString) {
        // SAFETY: the bytes of a literal are copied before the closure returns.
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends bytes that are JSON already.
    package mutating func raw(_ json: [UInt8]) { bytes.append(contentsOf: json) }

    package mutating func number(_ value: Int) { bytes.append(contentsOf: String(value).utf8) }

    package mutating func boolean(_ value: Bool) { raw(value ? "true" : "false") }

    /// Appends a string with its quotes. Escapes only what must be escaped.
    package mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        _ = escaped(text, from: 0, byteCountMax: .max)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends the contents of a string, from the byte `start` of its UTF-8 and at most `byteCountMax` of its bytes.
    /// Returns where to continue; nil at the end. A byte grows to at most six.
    package mutating func escaped(_ text: String, from start: Int, byteCountMax: Int) -> Int? {
        let utf8 = text.utf8
        let all = utf8.span
        let end = start + min(byteCountMax, all.count - start)
        let source = all.extracting(start..<end)
        var addedByteCount = 0
        for index in source.indices { addedByteCount &+= Self.addedByteCount(source[index]) }
        if addedByteCount == 0 {
            bytes.append(contentsOf: source)
        } else {
            bytes.append(addingCapacity: source.count + addedByteCount) { output in
                for index in source.indices { Self.append(source[index], to: &output) }
            }
        }
        return end == all.count ? nil : end
    }

    /// The number of bytes that escaping a byte adds.
    @inline(__always)
    private static func addedByteCount(_ byte: UInt8) -> Int {
        if byte >= 0x20 { return byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 1 : 0 }
        return byte == 0x0A || byte == 0x0D || byte == 0x09 ? 1 : 5
    }

    @inline(__always)
    private static func append(_ byte: UInt8, to output: inout OutputSpan<UInt8>) {
        guard addedByteCount(byte) > 0 else {
            output.append(byte)
            return
        }
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case 0x09: output.append(UInt8(ascii: "t"))
        default:
            output.append(UInt8(ascii: "u"))
            output.append(UInt8(ascii: "0"))
            output.append(UInt8(ascii: "0"))
            output.append(hexadecimal(byte >> 4))
            output.append(hexadecimal(byte & 0xF))
        }
    }

    package mutating func string(orNull text: String?) {
        if let text { string(text) } else { raw("null") }
    }

    package mutating func time(_ time: Timestamp) {
        bytes.append(UInt8(ascii: "\""))
        time.append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
