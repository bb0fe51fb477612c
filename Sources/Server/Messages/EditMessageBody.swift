import JSON
import Primitives

/// The body of `PUT /api/v1/shops/messages`, checked.
struct EditMessageBody {
    let messageID: MessageID
    let text: String

    private static let keys = [JSONObject.Key("message_id"), JSONObject.Key("message")]

    /// Reads and checks the JSON. `storedText` maps a client's text to the text that is stored.
    init(json: [UInt8], textByteCountMax: Int, storedText: (String) -> String = { $0 }) throws(APIError) {
        let body = try JSONBody(json, keys: Self.keys)
        let (message, text) = (try body.text(at: 0), try body.text(at: 1))
        try JSONBody.checkIdentifier(message, name: "message_id")
        self.text = try JSONBody.checkedText(text, byteCountMax: textByteCountMax, storedText: storedText)
        messageID = MessageID(message)
    }
}
