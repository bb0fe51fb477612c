import JSON
import Primitives

/// The body of `POST /api/v1/shops/messages`, checked.
package struct CreateMessageBody {
    let shopID: ShopID
    package let text: String
    let parentID: MessageID?

    private static let keys = [JSONObject.Key("shop_id"), JSONObject.Key("message"), JSONObject.Key("parent_id")]

    /// Reads and checks the JSON. `storedText` maps a client's text to the text that is stored.
    package init(
        json: [UInt8], textByteCountMax: Int, storedText: (String) -> String = { $0 }
    ) throws(APIError) {
        let body = try JSONBody(json, keys: Self.keys)
        let (shop, text, parent) = (try body.text(at: 0), try body.text(at: 1), try body.optionalText(at: 2))
        try JSONBody.checkIdentifier(shop, name: "shop_id")
        self.text = try JSONBody.checkedText(text, byteCountMax: textByteCountMax, storedText: storedText)
        // No message has such an id, and no database accepts it as a text.
        if let parent, parent.utf8.contains(0) { throw .badParent }
        shopID = ShopID(shop)
        parentID = parent.map(MessageID.init)
    }
}
