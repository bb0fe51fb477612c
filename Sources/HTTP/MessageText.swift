import HTTPTypes
import Primitives

/// The building blocks of requests and responses. A byte that could end a line early is our bug, not the peer's, and
/// stops the process: a message that is split in two is worse than none.
enum MessageText {
    /// Appends `name: value CRLF`. Precondition: `value` has no CR, LF or NUL.
    static func appendField(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        append(name, to: &bytes)
        bytes.append(contentsOf: ": ")
        appendChecked(value, to: &bytes)
        appendLineBreak(to: &bytes)
    }

    /// Appends all `fields`. Precondition: none has a name that `isReserved`; the writer writes those fields itself.
    static func appendFields(
        _ fields: HTTPFields,
        isReserved: (Span<UInt8>) -> Bool,
        to bytes: inout [UInt8]
    ) {
        for field in fields {
            let name = field.name.rawName.utf8
            precondition(!isReserved(name.span), "the writer writes this field itself")
            bytes.append(contentsOf: name.span)
            bytes.append(contentsOf: ": ")
            appendChecked(field.value, to: &bytes)
            appendLineBreak(to: &bytes)
        }
    }

    /// Appends `text`. Precondition: it has no CR, LF or NUL.
    static func appendChecked(_ text: String, to bytes: inout [UInt8]) {
        let utf8 = text.utf8
        let span = utf8.span
        var index = 0
        while true {
            index = ASCII.firstNonText(in: span, from: index, allowsTabs: true, allowsAbove127: true)
            guard index < span.count else { break }
            precondition(
                span[index] != ASCII.carriageReturn && span[index] != ASCII.lineFeed && span[index] != 0,
                "a line break or NUL would inject a field"
            )
            index += 1
        }
        bytes.append(contentsOf: span)
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

    /// Appends a number, which is not negative, in decimal digits.
    static func appendDecimal(_ number: Int, to bytes: inout [UInt8]) {
        precondition(number >= 0)
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }

    static func appendLineBreak(to bytes: inout [UInt8]) { bytes.append(contentsOf: "\r\n") }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let utf8 = text.utf8
        bytes.append(contentsOf: utf8.span)
    }
}
