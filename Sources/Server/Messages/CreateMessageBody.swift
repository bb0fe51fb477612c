import Primitives

/// The body of `POST /api/v1/shops/messages`, checked.
package struct CreateMessageBody {
    let shopID: ShopID
    package let text: String
    let parentID: MessageID?

    private struct Payload: Decodable {
        enum CodingKeys: String, CodingKey {
            case shopID = "shop_id"
            case text = "message"
            case parentID = "parent_id"
        }

        let shopID: String
        let text: String
        let parentID: String?
    }

    /// Reads and checks the JSON.
    package init(json: [UInt8], textByteCountMax: Int) throws(APIError) {
        let payload = try JSONBody.decode(Payload.self, from: json)
        try JSONBody.checkIdentifier(payload.shopID, name: "shop_id")
        try JSONBody.checkText(payload.text, byteCountMax: textByteCountMax)
        shopID = ShopID(payload.shopID)
        text = payload.text
        parentID = payload.parentID.map(MessageID.init)
    }
}
