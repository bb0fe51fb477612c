package import JSON
internal import Primitives

extension JSONWriter {
    /// Appends a message as clients receive it.
    package mutating func message(_ message: Message, format: MessageFormat) {
        let textByteCount = message.text.utf8.count
        let room = Message.usualByteCount + textByteCount + min(textByteCount >> 3, 64)
        write(message, room: room) { message, cursor in
            cursor.beforeText(message)
            cursor.contents(of: message.text)
            cursor.afterText(message, format: format)
        }
    }

    /// Appends a message up to the contents of its text …
    package mutating func messageBeforeText(_ message: Message) {
        write(message, room: Message.usualByteCount) { message, cursor in cursor.beforeText(message) }
    }

    /// … and from the end of its text on.
    package mutating func messageAfterText(_ message: Message, format: MessageFormat) {
        write(message, room: Message.usualByteCount) { message, cursor in cursor.afterText(message, format: format) }
    }
}

extension Message {
    /// What nearly every message takes without its text: identifiers that are UUIDs, times and a name.
    fileprivate static let usualByteCount = 512
}

extension JSONCursor {
    @inline(__always)
    fileprivate mutating func beforeText(_ message: borrowing Message) {
        raw("{\"id\":\"")
        contents(of: message.id.text)
        raw("\",\"shop_id\":\"")
        contents(of: message.shopID.text)
        raw("\",\"user_id\":\"")
        contents(of: message.userID.text)
        raw("\",\"message\":\"")
    }

    @inline(__always)
    fileprivate mutating func afterText(_ message: borrowing Message, format: MessageFormat) {
        raw("\",\"created_at\":\"")
        let createdAt = message.createdAt
        contents(of: createdAt)
        if let updatedAt = format.updatedAt(message.updatedAt, createdAt: createdAt) {
            raw("\",\"updated_at\":\"")
            contents(of: updatedAt)
            raw("\",\"is_edited\":")
        } else {
            raw("\",\"updated_at\":null,\"is_edited\":")
        }
        if message.isEdited { raw("true,\"parent_id\":") } else { raw("false,\"parent_id\":") }
        string(orNull: message.parentID?.text)
        if format.includesUsername {
            switch format.authorKey {
            case .username: raw(",\"username\":")
            case .authorUsername: raw(",\"author_username\":")
            }
            string(orNull: message.username)
        }
        raw("}")
    }

    private mutating func string(orNull text: String?) {
        guard let text else { return raw("null") }
        raw("\"")
        contents(of: text)
        raw("\"")
    }
}
