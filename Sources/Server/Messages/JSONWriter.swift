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
        let utf8 = text.utf8
        let source = utf8.span
        // Most text has nothing to be escaped and is copied whole.
        var copied = 0
        for index in source.indices where Self.isEscaped(source[index]) {
            bytes.append(contentsOf: source.extracting(copied..<index))
            copied = index + 1
            escape(source[index])
        }
        bytes.append(contentsOf: source.extracting(copied..<source.count))
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case 0x0A: raw("\\n")
        case 0x0D: raw("\\r")
        case 0x09: raw("\\t")
        default:
            raw("\\u00")
            bytes.append(Self.hexadecimal(byte >> 4))
            bytes.append(Self.hexadecimal(byte & 0xF))
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
    package mutating func message(_ message: Message, includesUsername: Bool) {
        raw("{\"id\":")
        string(message.id.text)
        raw(",\"shop_id\":")
        string(message.shopID.text)
        raw(",\"user_id\":")
        string(message.userID.text)
        raw(",\"message\":")
        string(message.text)
        raw(",\"created_at\":")
        time(message.createdAt)
        raw(",\"updated_at\":")
        if let updatedAt = message.updatedAt { time(updatedAt) } else { raw("null") }
        raw(",\"is_edited\":")
        boolean(message.isEdited)
        raw(",\"parent_id\":")
        string(orNull: message.parentID?.text)
        if includesUsername {
            raw(",\"username\":")
            string(orNull: message.username)
        }
        raw("}")
    }
}
