import Auth
import Chat
import JSON
import Primitives
import Storage

/// The demo: one shop, two users, and the tokens for the page, which acts as both.
struct DemoSession: Sendable {
    static let shopID = ShopID("demo")
    private static let users: [(id: String, name: String, role: ShopRole)] = [
        ("ada", "Ada", .admin), ("grace", "Grace", .member),
    ]
    private static let tokenLifetime: Duration = .seconds(86_400)

    /// The body of `GET /demo.json`.
    let json: [UInt8]

    /// Makes the tokens.
    init(secret: TokenSecret, auth: AuthConfiguration, now: Timestamp) throws(AuthError) {
        let minter = TokenMinter(secret: secret, issuer: auth.issuer, audience: auth.audience)
        var writer = JSONWriter()
        writer.raw("{\"shop_id\":")
        writer.string(Self.shopID.text)
        writer.raw(",\"users\":[")
        for (index, user) in Self.users.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.raw("{\"id\":")
            writer.string(user.id)
            writer.raw(",\"name\":")
            writer.string(user.name)
            writer.raw(",\"token\":")
            writer.string(
                try minter.mint(
                    userID: UserID(user.id), name: user.name, timeToLive: Self.tokenLifetime, now: now))
            writer.raw("}")
        }
        writer.raw("]}")
        json = writer.bytes
    }

    /// Creates the shop and its members in the store.
    static func populate(_ store: any Store, at now: Timestamp) async throws(StorageError) {
        try await store.importMembers(
            users.map { Membership(shopID: shopID, userID: UserID($0.id), role: $0.role) }, at: now)
        for user in users { try await store.setUsername(user.name, of: UserID(user.id)) }
    }
}
