public import Chat
public import JSON
public import Primitives

/// Encodes messages as the elements of a JSON array, as far as each piece of a response has room. A text may be written
/// in several pieces, as one of 16 KiB may become 96 KiB.
public struct MessagesEncoding: Sendable {
    private let format: MessageFormat
    private let images: ImageLinks
    private var messages: [Message] = []
    private var index = 0
    /// The text of the message at `index` as its readers receive it, and the offset of what is not written yet; nil
    /// when the message has not begun. Held for one message at a time, as signed image URLs are longer than the stored
    /// text.
    private var current: (text: String, offset: Int)?
    private var hasBegun = false

    /// An encoding without messages.
    public init(format: MessageFormat, images: ImageLinks) {
        self.format = format
        self.images = images
    }

    /// Whether all messages were written.
    public var isEmpty: Bool { index == messages.count }

    /// Takes the next messages. Precondition: all earlier ones were written.
    public mutating func take(_ more: [Message]) {
        precondition(isEmpty)
        (messages, index) = (more, 0)
    }

    /// Writes until the writer has `byteCountMax` bytes, or a few more, or all messages are written.
    public mutating func write(to writer: inout JSONWriter, byteCountMax: Int, at now: Timestamp) {
        while index < messages.count, writer.bytes.count < byteCountMax {
            let (text, offset) = current ?? begin(&writer, at: now)
            // In the worst case each byte becomes six.
            let room = max(1, (byteCountMax - writer.bytes.count) / 6)
            if let offset = writer.escaped(text, from: offset, byteCountMax: room) {
                current = (text, offset)
                continue
            }
            current = nil
            writer.messageAfterText(messages[index], format: format)
            index += 1
        }
        if isEmpty { (messages, index) = ([], 0) }
    }

    private mutating func begin(_ writer: inout JSONWriter, at now: Timestamp) -> (text: String, offset: Int) {
        if hasBegun { writer.raw(",") }
        hasBegun = true
        let message = messages[index]
        writer.messageBeforeText(message)
        return (images.shown(message.text, in: message.shopID, at: now), 0)
    }
}
