import HTTPTypes
import Primitives

/// The building blocks of requests and responses. A byte that could end a line early is our bug, not the peer's, and
/// stops the process: a message that is split in two is worse than none.
enum MessageText {
    /// Appends a field line.
    static func append(_ field: HTTPField, to bytes: inout [UInt8]) {
        let name = field.name.rawName.utf8
        let value = field.value.utf8
        check(value.span)
        bytes.append(room: name.count + value.count + 4) { cursor in
            cursor.put(name.span)
            cursor.put(": ")
            cursor.put(value.span)
            cursor.put("\r\n")
        }
    }

    /// Precondition: `text` has no CR, LF or NUL.
    static func check(_ text: Span<UInt8>) {
        var index = 0
        while true {
            index = ASCII.firstNonText(in: text, from: index, allowsTabs: true, allowsAbove127: true)
            guard index < text.count else { return }
            precondition(
                text[index] != ASCII.carriageReturn && text[index] != ASCII.lineFeed && text[index] != 0,
                "a line break or NUL would inject a field"
            )
            index += 1
        }
    }

    /// Appends `text`, a part of a request line. Precondition: visible ASCII only, and not empty.
    static func appendWord(_ text: String, to bytes: inout [UInt8]) {
        precondition(!text.isEmpty)
        let utf8 = text.utf8
        let span = utf8.span
        let end = ASCII.firstNonText(in: span, from: 0, allowsTabs: false, allowsAbove127: false)
        precondition(
            end == span.count && span.firstIndex(of: ASCII.space) == nil,
            "a space or control character would inject a line")
        bytes.append(contentsOf: span)
    }

    static func appendLineBreak(to bytes: inout [UInt8]) { bytes.append(contentsOf: "\r\n") }
}
