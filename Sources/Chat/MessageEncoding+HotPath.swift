package import JSON
internal import Primitives

extension JSONWriter {
    /// Appends a message as clients receive it.
    package mutating func message(_ message: Message, format: MessageFormat) {
        let byteCount = message.fieldsByteCount + message.text.utf8.count
        // SAFETY: `write` passes the address of the message to its closure.
        unsafe write(message, strings: byteCount, literalByteCount: Message.literalByteCountMax) { message, cursor in
            unsafe cursor.beforeText(message)
            unsafe cursor.contents(of: message.pointee.text)
            unsafe cursor.afterText(message, format: format)
        }
    }

    /// Appends a message up to the contents of its text …
    package mutating func messageBeforeText(_ message: Message) {
        // SAFETY: `write` passes the address of the message to its closure.
        unsafe write(
            message, strings: message.fieldsByteCount, literalByteCount: Message.literalByteCountMax
        ) { message, cursor in
            unsafe cursor.beforeText(message)
        }
    }

    /// … and from the end of its text on.
    package mutating func messageAfterText(_ message: Message, format: MessageFormat) {
        // SAFETY: `write` passes the address of the message to its closure.
        unsafe write(
            message, strings: message.fieldsByteCount, literalByteCount: Message.literalByteCountMax
        ) { message, cursor in
            unsafe cursor.afterText(message, format: format)
        }
    }
}

extension Message {
    /// More than the keys, the punctuation and the times of a message take.
    fileprivate static let literalByteCountMax = 256

    /// The bytes of all strings but the text.
    fileprivate var fieldsByteCount: Int {
        id.text.utf8.count + shopID.text.utf8.count + userID.text.utf8.count + (parentID?.text.utf8.count ?? 0)
            + (username?.utf8.count ?? 0)
    }
}

// The message is passed as its address: passed as a value from there, it would be copied.
extension JSONCursor {
    @unsafe
    @inline(__always)
    fileprivate mutating func beforeText(_ message: UnsafePointer<Message>) {
        raw("{\"id\":\"")
        // SAFETY: the caller has the address of a message.
        unsafe contents(of: message.pointee.id.text)
        raw("\",\"shop_id\":\"")
        unsafe contents(of: message.pointee.shopID.text)
        raw("\",\"user_id\":\"")
        unsafe contents(of: message.pointee.userID.text)
        raw("\",\"message\":\"")
    }

    @unsafe
    @inline(__always)
    fileprivate mutating func afterText(_ message: UnsafePointer<Message>, format: MessageFormat) {
        raw("\",\"created_at\":\"")
        // SAFETY: the caller has the address of a message.
        let createdAt = unsafe message.pointee.createdAt
        contents(of: createdAt)
        if let updatedAt = unsafe format.updatedAt(message.pointee.updatedAt, createdAt: createdAt) {
            raw("\",\"updated_at\":\"")
            contents(of: updatedAt)
            raw("\",\"is_edited\":")
        } else {
            raw("\",\"updated_at\":null,\"is_edited\":")
        }
        if unsafe message.pointee.isEdited { raw("true,\"parent_id\":") } else { raw("false,\"parent_id\":") }
        unsafe string(orNull: message.pointee.parentID?.text)
        if format.includesUsername {
            switch format.authorKey {
            case .username: raw(",\"username\":")
            case .authorUsername: raw(",\"author_username\":")
            }
            unsafe string(orNull: message.pointee.username)
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
