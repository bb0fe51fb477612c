import FoundationEssentials
import Primitives

/// The body of `POST /api/v1/shops/messages`, checked.
struct CreateMessageBody {
    let shopID: ShopID
    let text: String
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

    /// Reads and checks the JSON. Unknown keys are ignored, the text comes through byte for byte.
    init(json: [UInt8], textByteCountMax: Int) throws(APIError) {
        // The decoder is lenient about broken UTF-8; the interface is not.
        guard let valid = String(validating: json, as: UTF8.self) else { throw .malformedBody }
        let payload: Payload
        do {
            payload = try JSONDecoder().decode(Payload.self, from: Data(valid.utf8))
        } catch {
            throw .malformedBody
        }
        guard !payload.shopID.isEmpty, !payload.shopID.utf8.contains(0) else { throw .missingField("shop_id") }
        guard !payload.text.utf8.contains(0) else { throw .malformedBody }
        guard payload.text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else { throw .messageEmpty }
        guard payload.text.utf8.count <= textByteCountMax else { throw .messageTooLong(byteCountMax: textByteCountMax) }
        shopID = ShopID(payload.shopID)
        text = payload.text
        parentID = payload.parentID.map(MessageID.init)
    }
}
