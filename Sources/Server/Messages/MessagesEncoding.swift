import Storage

/// Messages on their way into the elements of a JSON array, as far as each piece of a response has room: a text may be
/// written in several pieces, as one of 16 KiB may become 96.
struct MessagesEncoding: Sendable {
    private let format: MessageFormat
    private var messages: [Message] = []
    private var index = 0
    /// Where the text of the message at `index` goes on; nil when the message has not begun.
    private var textOffset: Int?
    private var hasBegun = false

    init(format: MessageFormat) { self.format = format }

    /// Whether all messages were written.
    var isEmpty: Bool { index == messages.count }

    /// Takes the next messages. Precondition: all before were written.
    mutating func take(_ more: [Message]) {
        precondition(isEmpty)
        (messages, index) = (more, 0)
    }

    /// Writes until the writer has `byteCountMax` bytes, or a few more, or all messages are written.
    mutating func write(to writer: inout JSONWriter, byteCountMax: Int) {
        while index < messages.count, writer.bytes.count < byteCountMax {
            if textOffset == nil {
                if hasBegun { writer.raw(",") }
                hasBegun = true
                writer.messageBeforeText(messages[index])
            }
            // At the worst each byte becomes six.
            let room = max(1, (byteCountMax - writer.bytes.count) / 6)
            textOffset = writer.escaped(messages[index].text, from: textOffset ?? 0, byteCountMax: room)
            guard textOffset == nil else { continue }
            writer.messageAfterText(messages[index], format: format)
            index += 1
        }
        if isEmpty { (messages, index) = ([], 0) }
    }
}
