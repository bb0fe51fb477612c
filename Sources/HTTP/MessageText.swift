import HTTPTypes

/// The building blocks of requests and responses. A byte that could end a line early is our bug, not the peer's, and
/// stops the process: a message that is split in two is worse than none.
enum MessageText {
    /// Appends `name: value CRLF`. Precondition: `value` has no CR, LF or NUL.
    static func appendField(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(ASCII.colon)
        bytes.append(ASCII.space)
        appendChecked(value, to: &bytes)
        appendLineBreak(to: &bytes)
    }

    /// Appends all `fields`. Precondition: none has a name of `reserved` (in lower case); the writer writes those
    /// fields itself.
    static func appendFields(
        _ fields: HTTPFields,
        reserved: [String],
        to bytes: inout [UInt8]
    ) {
        for field in fields {
            precondition(!reserved.contains(field.name.canonicalName), "the writer writes this field itself")
            appendField(field.name.rawName, field.value, to: &bytes)
        }
    }

    /// Appends `text`. Precondition: it has no CR, LF or NUL.
    static func appendChecked(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            precondition(
                byte != ASCII.carriageReturn && byte != ASCII.lineFeed && byte != 0,
                "a line break or NUL would inject a field"
            )
            bytes.append(byte)
        }
    }

    /// Appends `text`, a part of a request line. Precondition: visible ASCII only, and not empty.
    static func appendWord(_ text: String, to bytes: inout [UInt8]) {
        precondition(!text.isEmpty)
        for byte in text.utf8 {
            precondition(byte &- 0x21 < 0x5e, "a space or control character would inject a line")
            bytes.append(byte)
        }
    }

    /// Appends a number in decimal digits.
    static func appendDecimal(_ number: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: String(number).utf8)
    }

    static func appendLineBreak(to bytes: inout [UInt8]) {
        bytes.append(ASCII.carriageReturn)
        bytes.append(ASCII.lineFeed)
    }

    /// Appends the bytes of a span. O(bytes).
    static func append(_ span: Span<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: span.count) { output in
            for index in span.indices { output.append(span[index]) }
        }
    }
}
