/// The part of a token's header (RFC 7515, section 4.1) that decides how it is verified. Header members that offer
/// a key or its address (`jwk`, `jku`, `x5c`, `x5u`) are never looked at: keys come from the configuration alone.
struct TokenHeader: Decodable {
    let algorithm: String
    let keyID: String?
    let hasCritical: Bool

    private enum CodingKeys: String, CodingKey {
        case algorithm = "alg"
        case keyID = "kid"
        case critical = "crit"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        algorithm = try container.decode(String.self, forKey: .algorithm)
        keyID = try container.decodeIfPresent(String.self, forKey: .keyID)
        hasCritical = container.contains(.critical)
    }
}
