import HTTPTypes
import Testing

@testable import HTTP

@Suite struct RouterTests {
    private static let router = Router<String>([
        Route(.post, "/api/v1/shops/messages", "create"),
        Route(.put, "/api/v1/shops/messages", "edit"),
        Route(.get, "/api/v1/shops/:shop_id/messages", "list"),
        Route(.get, "/api/v1/shops/:shop_id/messages/stream", "stream"),
        Route(.get, "/api/v1/shops/:shop_id/messages/:message_id", "one"),
        Route(.delete, "/api/v1/shops/messages/:message_id", "delete"),
        Route(.delete, "/api/v1/shops/messages/image/:message_id", "delete image"),
        Route(.get, "/healthz", "health"),
        Route(.get, "/", "page"),
        Route(.get, "/folder/", "folder"),
        Route(.options, "/own", "own options"),
        Route(.get, "/a/:x/c", "parameter first"),
        Route(.get, "/a/b/:y", "literal first"),
        Route(.get, "/deep/b/c/d", "deep literal"),
        Route(.get, "/deep/:x/c/e", "deep parameter"),
    ])

    private func value(_ method: HTTPRequest.Method, _ path: String) -> String? {
        guard case .matched(let value, _) = Self.router.match(method, path: path) else { return nil }
        return value
    }

    private func parameters(_ method: HTTPRequest.Method, _ path: String) -> PathParameters? {
        guard case .matched(_, let parameters) = Self.router.match(method, path: path) else { return nil }
        return parameters
    }

    @Test(arguments: [
        ("POST", "/api/v1/shops/messages", "create"), ("PUT", "/api/v1/shops/messages", "edit"),
        ("GET", "/api/v1/shops/7/messages", "list"), ("GET", "/api/v1/shops/7/messages/stream", "stream"),
        ("GET", "/api/v1/shops/7/messages/8", "one"), ("GET", "/api/v1/shops/7/messages/streams", "one"),
        ("DELETE", "/api/v1/shops/messages/9", "delete"), ("DELETE", "/api/v1/shops/messages/image/9", "delete image"),
        ("DELETE", "/api/v1/shops/messages/image", "delete"), ("GET", "/healthz", "health"), ("GET", "/", "page"),
        ("GET", "/folder/", "folder"), ("HEAD", "/healthz", "health"), ("HEAD", "/api/v1/shops/7/messages", "list"),
        ("OPTIONS", "/own", "own options"), ("GET", "/%68ealthz", "health"), ("GET", "/a/b/c", "literal first"),
        ("GET", "/a/z/c", "parameter first"), ("GET", "/deep/b/c/d", "deep literal"),
        ("GET", "/deep/b/c/e", "deep parameter"), ("GET", "/api/v1/shops/messages/messages", "list"),
    ])
    func `a route is found`(method: String, path: String, expected: String) throws {
        #expect(value(try #require(HTTPRequest.Method(method)), path) == expected)
    }

    @Test(arguments: [
        "/nothing", "/healthz/", "/folder", "//", "/healthz/x", "", "healthz", "*", "/api/v1/shops//messages",
        "/api/v1/shops/7/messages/", "/api/v1/shops/7/messages/stream/", "/api/v1/shops/%ff/messages",
        "/api/v1/shops/%/messages", "/api/v1/shops/%00/messages", "/api/v1/shops/7%2Fmessages", "/HEALTHZ",
        "/a/b/c/d/e/f/g/h/i/j", "/healthz?x", "/%E2%84%AA",
    ])
    func `a path without a route is not found`(path: String) {
        #expect(Self.router.match(.get, path: path) == .notFound)
    }

    @Test func `parameters are decoded after splitting`() {
        #expect(parameters(.get, "/api/v1/shops/a%2Fb%20c+d/messages")?["shop_id"] == "a/b c+d")
        #expect(parameters(.get, "/api/v1/shops/%E2%82%AC/messages")?["shop_id"] == "€")
        #expect(parameters(.get, "/api/v1/shops/../messages")?["shop_id"] == "..")
        let two = parameters(.get, "/api/v1/shops/7/messages/8")
        #expect(two?["shop_id"] == "7")
        #expect(two?["message_id"] == "8")
        #expect(two?["other"] == nil)
    }

    @Test func `a parameter of a branch that led nowhere is forgotten`() {
        let router = Router<Int>([Route(.get, "/:a/b", 1), Route(.get, "/x/:c/d", 2), Route(.post, "/x/:c", 3)])
        #expect(router.match(.get, path: "/x/b") == .matched(1, PathParameters(names: ["a"], values: ["x"])))
    }

    @Test func `routes on one path may name its parameters differently`() {
        let router = Router<Int>([Route(.get, "/:a", 1), Route(.delete, "/:b", 2)])
        #expect(router.match(.get, path: "/x") == .matched(1, PathParameters(names: ["a"], values: ["x"])))
        #expect(router.match(.delete, path: "/x") == .matched(2, PathParameters(names: ["b"], values: ["x"])))
    }

    @Test func `another method is answered with the allowed ones, sorted`() {
        #expect(
            Self.router.match(.get, path: "/api/v1/shops/messages")
                == .methodNotAllowed(allow: [.options, .post, .put])
        )
        #expect(Self.router.match(.post, path: "/healthz") == .methodNotAllowed(allow: [.get, .head, .options]))
        #expect(
            Self.router.match(.post, path: "/api/v1/shops/messages/messages")
                == .methodNotAllowed(allow: [.delete, .get, .head, .options])
        )
        #expect(Self.router.match(.get, path: "/own") == .methodNotAllowed(allow: [.options]))
        #expect(Self.router.match(.head, path: "/own") == .methodNotAllowed(allow: [.options]))
    }

    @Test func `OPTIONS is answered with the allowed methods`() {
        #expect(Self.router.match(.options, path: "/healthz") == .options(allow: [.get, .head, .options]))
        #expect(Self.router.match(.options, path: "/nothing") == .notFound)
        #expect(
            Self.router.match(.options, path: "*") == .options(allow: [.delete, .get, .head, .options, .post, .put])
        )
    }

    @Test func `a literal is compared byte for byte`() {
        let router = Router<Int>([Route(.get, "/K", 1), Route(.get, "/\u{e9}", 2)])
        #expect(router.match(.get, path: "/%E2%84%AA") == .notFound)
        #expect(router.match(.get, path: "/e%CC%81") == .notFound)
        #expect(router.match(.get, path: "/%C3%A9") == .matched(2, PathParameters(names: [], values: [])))
    }

    @Test func `two routes for the same method and path stop the process`() async {
        await #expect(processExitsWith: .failure) {
            _ = Router<Int>([Route(.get, "/a/:b", 1), Route(.get, "/a/:c", 2)])
        }
    }

    @Test func `a pattern without a slash stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = Router<Int>([Route(.get, "a", 1)]) }
    }

    @Test func `a parameter that is named twice stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = Router<Int>([Route(.get, "/:a/:a", 1)]) }
    }
}
