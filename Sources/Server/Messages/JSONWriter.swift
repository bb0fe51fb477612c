import Primitives
import Storage

/// Appends JSON (RFC 8259) to a buffer of the caller.
///
/// A message is written once, byte by byte into the frame that all its subscribers get; a general encoder would build
/// a tree and a copy of it first.
package struct JSONWriter {
    /// What was written.
    package var bytes: [UInt8] = []

    /// A writer that has written nothing.
    package init() {}

    /// Appends text that is JSON already.
    mutating func raw(_ text: StaticString) {
        // SAFETY: the bytes of a literal are copied before the closure returns.
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends bytes that are JSON already.
    mutating func raw(_ json: [UInt8]) { bytes.append(contentsOf: json) }

    mutating func number(_ value: Int) { bytes.append(contentsOf: String(value).utf8) }

    mutating func boolean(_ value: Bool) { raw(value ? "true" : "false") }

    /// Appends a string with its quotes; only what must be escaped is.
    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        _ = escaped(text, from: 0, byteCountMax: .max)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends the inside of a string from a byte of its UTF-8 on, at most so many of them; returns where to go on, nil
    /// at the end. A byte becomes six at most.
    mutating func escaped(_ text: String, from start: Int, byteCountMax: Int) -> Int? {
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

    /// By how many bytes the escape of a byte is longer.
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

    mutating func string(orNull text: String?) {
        if let text { string(text) } else { raw("null") }
    }

    mutating func time(_ time: Timestamp) {
        bytes.append(UInt8(ascii: "\""))
        time.append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }

    /// What is told of a message that is gone.
    mutating func deletion(of id: MessageID, in shop: ShopID) {
        raw("{\"id\":")
        string(id.text)
        raw(",\"shop_id\":")
        string(shop.text)
        raw("}")
    }

    /// Appends a message as clients know it.
    package mutating func message(_ message: Message, format: MessageFormat) {
        messageBeforeText(message)
        _ = escaped(message.text, from: 0, byteCountMax: .max)
        messageAfterText(message, format: format)
    }

    /// Appends a message up to the inside of its text …
    mutating func messageBeforeText(_ message: Message) {
        raw("{\"id\":")
        string(message.id.text)
        raw(",\"shop_id\":")
        string(message.shopID.text)
        raw(",\"user_id\":")
        string(message.userID.text)
        raw(",\"message\":\"")
    }

    /// … and from there to its end.
    mutating func messageAfterText(_ message: Message, format: MessageFormat) {
        raw("\",\"created_at\":")
        time(message.createdAt)
        raw(",\"updated_at\":")
        if let updatedAt = format.updatedAt(of: message) { time(updatedAt) } else { raw("null") }
        raw(",\"is_edited\":")
        boolean(message.isEdited)
        raw(",\"parent_id\":")
        string(orNull: message.parentID?.text)
        if format.includesUsername {
            raw(format.authorKey.member)
            string(orNull: message.username)
        }
        raw("}")
    }

}
