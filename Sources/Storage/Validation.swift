import Chat
import Primitives

/// What every store requires of values, so that all stores agree. NUL is rejected because SQL databases do not store
/// it.
enum Validation {
    static func check(_ message: Message) throws(StorageError) {
        try check(message.id)
        try check(message.shopID)
        try check(message.userID)
        if let parentID = message.parentID { try check(parentID) }
        try check(text: message.text)
        try check(username: message.username)
    }

    static func check(_ membership: Membership) throws(StorageError) {
        try check(membership.shopID)
        try check(membership.userID)
    }

    static func check<Kind>(_ identifier: Identifier<Kind>) throws(StorageError) {
        if !isIdentifier(identifier.text) { throw StorageError(.invalid, detail: "identifier") }
    }

    static func check(text: String) throws(StorageError) {
        try check(text, byteCountMax: Limits.textByteCountMax, named: "text")
    }

    static func check(_ image: Image) throws(StorageError) {
        try check(image.id)
        try check(image.shopID)
        try check(image.userID)
        try check(image.fileExtension, byteCountMax: Limits.identifierByteCountMax, named: "extension")
    }

    static func check(username: String?) throws(StorageError) {
        guard let username else { return }
        try check(username, byteCountMax: Limits.usernameByteCountMax, named: "username")
    }

    static func check(name: String?) throws(StorageError) {
        guard let name else { return }
        try check(name, byteCountMax: Limits.usernameByteCountMax, named: "name")
    }

    /// Whether `text` has 1 to 128 bytes and no control characters. One pass over its bytes.
    static func isIdentifier(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        guard !bytes.isEmpty, bytes.count <= Limits.identifierByteCountMax else { return false }
        let lastStart = bytes.count &- ByteBlock.byteCount
        guard lastStart >= 0 else {
            for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7f { return false }
            return true
        }
        var index = 0
        while index < bytes.count {
            // The last block ends with the text.
            guard let block = ByteBlock(bytes, at: min(index, lastStart)),
                (block.below(0x20) | block.equal(to: 0x7f)).isEmpty
            else { return false }
            index &+= ByteBlock.byteCount
        }
        return true
    }

    private static func check(_ text: String, byteCountMax: Int, named name: String) throws(StorageError) {
        let bytes = text.utf8Span.span
        if bytes.count > byteCountMax || bytes.firstIndex(of: 0) != nil { throw StorageError(.invalid, detail: name) }
    }
}
