import Auth
import Primitives
import Testing

@testable import API

@Suite struct ImageLinksTests {
    private static let id = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
    private static let name = "\(id).png"
    private static let path = "/api/v1/shops/bakery/messages/image/\(name)"
    private let shop = ShopID("bakery")
    private let now = Timestamp(microsecondsSinceEpoch: 1_767_000_000_000_000)
    private let links = ImageLinks(
        publicURL: "https://chat.example", prefixes: RoutePrefixes(),
        signer: LinkSigner(key: [UInt8](repeating: 7, count: 32)))

    private func parts(_ url: String) throws -> (expires: String, signature: String) {
        let query = try #require(url.split(separator: "?").last).split(separator: "&")
        return (String(query[0].dropFirst("expires=".count)), String(query[1].dropFirst("signature=".count)))
    }

    private func later(_ seconds: Int64) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: now.microsecondsSinceEpoch + seconds * 1_000_000)
    }

    @Test func `a signed URL is absolute and good for a day`() throws {
        let url = links.url(of: Self.name, in: shop, under: Self.path, at: now)
        #expect(url.hasPrefix("https://chat.example\(Self.path)?expires=1767086400&signature="))
        let (expires, signature) = try parts(url)
        func remaining(_ seconds: Int64) -> Int64? {
            links.remainingSeconds(of: Self.name, in: shop, expires: expires, signature: signature, at: later(seconds))
        }
        #expect(remaining(0) == 86_400)
        #expect(remaining(86_399) == 1)
        #expect(remaining(86_400) == nil)
    }

    @Test func `a link with another name, shop, expiry, signature or key is rejected`() throws {
        let (expires, signature) = try parts(links.url(of: Self.name, in: shop, under: Self.path, at: now))
        let other = Self.name.replacing("png", with: "gif")
        func isGood(_ name: String, _ shop: ShopID, _ expires: String?, _ signature: String) -> Bool {
            links.remainingSeconds(of: name, in: shop, expires: expires, signature: signature, at: now) != nil
        }
        #expect(isGood(Self.name, shop, expires, signature))
        #expect(!isGood(other, shop, expires, signature))
        #expect(!isGood(Self.name, ShopID("bakery2"), expires, signature))
        #expect(!isGood(Self.name, shop, "1767086401", signature))
        #expect(!isGood(Self.name, shop, "+\(expires)", signature))
        #expect(!isGood(Self.name, shop, "99999999999999999999", signature))
        #expect(!isGood(Self.name, shop, nil, signature))
        #expect(!isGood(Self.name, shop, expires, ""))
        #expect(!isGood(Self.name, shop, expires, String(signature.dropLast())))
        let foreign = ImageLinks(
            publicURL: "https://chat.example", prefixes: RoutePrefixes(),
            signer: LinkSigner(key: [UInt8](repeating: 8, count: 32)))
        #expect(
            foreign.remainingSeconds(of: Self.name, in: shop, expires: expires, signature: signature, at: now) == nil)
    }

    @Test func `a text is stored with bare paths and shown with signed URLs`() {
        let bare = "look [IMAGE:\(Self.path)] and [IMAGE:\(Self.path)]!"
        let shown = links.shown(bare, in: shop, at: now)
        #expect(
            shown == "look [IMAGE:\(links.url(of: Self.name, in: shop, under: Self.path, at: now))]"
                + " and [IMAGE:\(links.url(of: Self.name, in: shop, under: Self.path, at: now))]!")
        #expect(links.stored(shown) == bare)
        #expect(links.stored(bare) == bare)
    }

    @Test func `an image of another shop is stored as its path and not signed`() {
        let path = Self.path.replacing("bakery", with: "florist")
        let text = "[IMAGE:https://chat.example\(path)?expires=1&signature=x]"
        #expect(links.stored(text) == "[IMAGE:\(path)]")
        #expect(links.shown(links.stored(text), in: shop, at: now) == "[IMAGE:\(path)]")
    }

    @Test func `a path is signed under its own route prefix and for a percent-encoded shop`() throws {
        let prefixes = try #require(RoutePrefixes(["/api/v1", "/api/v1/auth"]))
        let links = ImageLinks(
            publicURL: "https://chat.example", prefixes: prefixes,
            signer: LinkSigner(key: [UInt8](repeating: 7, count: 32)))
        let shop = ShopID("café")
        let path = "/api/v1/auth/shops/caf%C3%A9/messages/image/\(Self.name)"
        #expect(
            links.shown("[IMAGE:\(path)]", in: shop, at: now)
                == "[IMAGE:\(links.url(of: Self.name, in: shop, under: path, at: now))]")
        #expect(links.url(of: Self.name, in: shop, under: path, at: now).hasPrefix("https://chat.example\(path)?"))
        #expect(links.stored(links.shown("[IMAGE:\(path)]", in: shop, at: now)) == "[IMAGE:\(path)]")
    }

    @Test func `the first images of a text are signed, up to the limit`() {
        let count = API.Limits.signedImagesPerTextMax
        let text = String(repeating: "[IMAGE:\(Self.path)]", count: count + 1)
        let shown = links.shown(text, in: shop, at: now)
        #expect(shown.split(separator: "signature=", omittingEmptySubsequences: false).count == count + 1)
        #expect(shown.hasSuffix("[IMAGE:\(Self.path)]"))
        #expect(links.stored(shown) == text)
    }

    @Test(arguments: [
        "no image", "[IMAGE:", "[IMAGE:]", "[IMAGE:https://elsewhere.example/\(name)]",
        "[IMAGE://elsewhere.example/\(name)]",
        "[IMAGE:/api/v1/shops/bakery/messages/image/none.png]", "[IMAGE:\(name)]", "é\u{0301}[[IMAGE:x]",
        "[IMAGE:/static/\(name)]", "[IMAGE:/api/v1/shops/bakery/messages/image/x/\(name)]",
        "[IMAGE:https://chat.example.elsewhere.example\(path)]", "[IMAGE:https://chat.example",
    ])
    func `a text without images of this server is unchanged`(text: String) {
        #expect(links.shown(text, in: shop, at: now) == text)
        #expect(links.stored(text) == text)
    }

    @Test func `without a signer texts are unchanged`() {
        let links = ImageLinks(publicURL: nil, prefixes: RoutePrefixes(), signer: nil)
        #expect(links.url(of: Self.name, in: shop, under: Self.path, at: now) == Self.path)
        #expect(links.shown("[IMAGE:\(Self.path)?x=1]", in: shop, at: now) == "[IMAGE:\(Self.path)?x=1]")
        #expect(links.stored("[IMAGE:\(Self.path)?x=1]") == "[IMAGE:\(Self.path)?x=1]")
        #expect(links.remainingSeconds(of: Self.name, in: shop, expires: "9", signature: "", at: now) == nil)
    }
}
