internal import Auth
internal import HTTP
internal import JSON
public import Primitives

// The reading of request bodies. A body that was kept is a JSON object with the keys of its route; other keys are
// skipped. The form of an upload is read by `ImageFormReader` as it arrives.

/// The body of `POST /api/v1/shops/messages`, checked.
public struct CreateMessageBody: Sendable {
    /// The shop that the message is written to.
    public let shopID: ShopID
    /// The text to store.
    public let text: String
    /// The message that this one answers.
    public let parentID: MessageID?

    private static let keys = [JSONObject.Key("shop_id"), JSONObject.Key("message"), JSONObject.Key("parent_id")]

    /// Reads and checks the JSON. `storedText` maps a client's text to the text that is stored.
    public init(
        json: [UInt8], textByteCountMax: Int, storedText: (String) -> String = { $0 }
    ) throws(APIError) {
        var shop: JSONObject.Text?
        var text: JSONObject.Text?
        var parent: JSONObject.Text?
        try RequestBody.read(json, keys: Self.keys) { (body) throws(JSONError) in
            (shop, text, parent) = (try body.text(at: 0), try body.text(at: 1), try body.text(at: 2))
        }
        guard let shop, let text else { throw .malformedBody }
        try RequestBody.checkIdentifier(shop, name: "shop_id")
        self.text = try RequestBody.checkedText(text, byteCountMax: textByteCountMax, storedText: storedText)
        // No message has such an id, and no database accepts it as a text.
        if let parent, parent.hasNUL { throw .badParent }
        shopID = ShopID(shop.text)
        parentID = parent.map { MessageID($0.text) }
    }
}

/// The body of `PUT /api/v1/shops/messages`, checked.
public struct EditMessageBody: Sendable {
    /// The message that is changed.
    public let messageID: MessageID
    /// Its new text, as it is stored.
    public let text: String

    private static let keys = [JSONObject.Key("message_id"), JSONObject.Key("message")]

    /// Reads and checks the JSON. `storedText` maps a client's text to the text that is stored.
    public init(
        json: [UInt8], textByteCountMax: Int, storedText: (String) -> String = { $0 }
    ) throws(APIError) {
        var message: JSONObject.Text?
        var text: JSONObject.Text?
        try RequestBody.read(json, keys: Self.keys) { (body) throws(JSONError) in
            (message, text) = (try body.text(at: 0), try body.text(at: 1))
        }
        guard let message, let text else { throw .malformedBody }
        try RequestBody.checkIdentifier(message, name: "message_id")
        self.text = try RequestBody.checkedText(text, byteCountMax: textByteCountMax, storedText: storedText)
        messageID = MessageID(message.text)
    }
}

/// The reading of request bodies, and the checks of their values.
enum RequestBody {
    /// Calls `body` with the object that a JSON body is. One that is not JSON, or not an object, is answered with 400.
    fileprivate static func read(
        _ json: [UInt8], keys: [JSONObject.Key], _ body: (borrowing JSONObject) throws(JSONError) -> Void
    ) throws(APIError) {
        do throws(JSONError) {
            try JSONObject.read(json.span, keys: keys, body)
        } catch {
            throw .malformedBody
        }
    }

    /// Checks the text of a message and returns the text to store: the same bytes, except for image URLs. The limit
    /// applies to the stored text, so that a client can send back a text whose image URLs the server signed.
    fileprivate static func checkedText(
        _ text: JSONObject.Text, byteCountMax: Int, storedText: (String) -> String
    ) throws(APIError) -> String {
        guard !text.hasNUL else { throw .malformedBody }
        guard !isWhiteSpace(text.text) else { throw .messageEmpty }
        let stored = storedText(text.text)
        guard stored.utf8.count <= byteCountMax else { throw .messageTooLong(byteCountMax: byteCountMax) }
        return stored
    }

    /// Whether a text is only white space (Unicode's property). The first other character ends the search, which is
    /// mostly the first of all; a text of white space alone costs some comparisons per character.
    static func isWhiteSpace(_ text: String) -> Bool {
        if let first = text.utf8.first, 0x21..<0x80 ~= first { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
            default: false
            }
        }
    }

    /// Checks an identifier of a JSON body that is to be looked up.
    fileprivate static func checkIdentifier(_ identifier: JSONObject.Text, name: String) throws(APIError) {
        guard !identifier.text.isEmpty, !identifier.hasNUL else { throw .missingField(name) }
    }

    /// Checks an identifier that is to be looked up.
    static func checkIdentifier(_ text: String, name: String) throws(APIError) {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw .missingField(name) }
    }
}
