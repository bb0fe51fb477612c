import FoundationEssentials

/// A message as clients see it.
struct WireMessage: Decodable {
    enum CodingKeys: String, CodingKey {
        case shop = "shop_id"
        case text = "message"
        case createdAt = "created_at"
    }

    let shop: String
    let text: String
    let createdAt: String
}

/// The envelopes that messages come in.
struct WireEnvelope<Content: Decodable>: Decodable {
    enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
    }

    let data: Content
    let hasMore: Bool?

    static func parse(_ json: [UInt8]) -> Self? { try? JSONDecoder().decode(Self.self, from: Data(json)) }
}

extension WireMessage {
    static func parse(_ json: [UInt8]) -> Self? { try? JSONDecoder().decode(Self.self, from: Data(json)) }
}
