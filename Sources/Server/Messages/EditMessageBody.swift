import Primitives

/// The body of `PUT /api/v1/shops/messages`, checked.
struct EditMessageBody {
    let messageID: MessageID
    let text: String

    private static let keys = [JSONObject.Key("message_id"), JSONObject.Key("message")]

    /// Reads and checks the JSON.
    init(json: [UInt8], textByteCountMax: Int) throws(APIError) {
        let body = try JSONBody(json, keys: Self.keys)
        let (message, text) = (try body.text(at: 0), try body.text(at: 1))
        try JSONBody.checkIdentifier(message, name: "message_id")
        try JSONBody.checkText(text, byteCountMax: textByteCountMax)
        messageID = MessageID(message)
        self.text = text
    }
}
