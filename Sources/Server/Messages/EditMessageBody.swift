import Primitives

/// The body of `PUT /api/v1/shops/messages`, checked.
struct EditMessageBody {
    let messageID: MessageID
    let text: String

    private struct Payload: Decodable {
        enum CodingKeys: String, CodingKey {
            case messageID = "message_id"
            case text = "message"
        }

        let messageID: String
        let text: String
    }

    /// Reads and checks the JSON.
    init(json: [UInt8], textByteCountMax: Int) throws(APIError) {
        let payload = try JSONBody.decode(Payload.self, from: json)
        try JSONBody.checkIdentifier(payload.messageID, name: "message_id")
        try JSONBody.checkText(payload.text, byteCountMax: textByteCountMax)
        messageID = MessageID(payload.messageID)
        text = payload.text
    }
}
