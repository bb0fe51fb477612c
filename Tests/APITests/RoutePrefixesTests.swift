import HTTP
import HTTPTypes
import Testing

@testable import API

@Suite struct RoutePrefixesTests {
    @Test(arguments: [
        (["/api/v1"], ["/api/v1"]), (["/api/v1/", "/api/v1"], ["/api/v1"]), (["/"], [""]),
        (["/a", "/b/c-d"], ["/a", "/b/c-d"]),
    ])
    func `a prefix has no slash at its end and counts once`(texts: [String], paths: [String]) {
        #expect(RoutePrefixes(texts)?.paths == paths)
    }

    @Test(arguments: ["api", "//", "/a//b", "/:a", "/a b", "/%61", "/..", "/a/.", "/é", "https://a.example/api"])
    func `anything but a path of literal segments is refused`(text: String) { #expect(RoutePrefixes([text]) == nil) }

    @Test func `every route of clients is served under each prefix`() throws {
        let prefixes = try #require(RoutePrefixes(["/api/v1/auth", "/api/v1", "/"]))
        let router = Router(RouteTable.rows(hasStream: true, hasDemo: true, prefixes: prefixes))
        for prefix in prefixes.paths {
            #expect(router.match(.post, path: "\(prefix)/shops/messages").value == .createMessage)
            #expect(router.match(.get, path: "\(prefix)/shops/s/messages/stream").value == .stream)
            #expect(router.match(.get, path: "\(prefix)/health/websocket").value == .streamHealth)
        }
        #expect(router.match(.get, path: "/healthz").value == .alive)
        #expect(router.match(.get, path: "/api/healthz").value == nil)
    }

    @Test func `a request's prefix is that of its path, the longest where several fit, else the first`() throws {
        let prefixes = try #require(RoutePrefixes(["/api/v1", "/api/v1/auth", "/"]))
        #expect(prefixes.prefix(of: "/api/v1/auth/shops/messages/image/upload") == "/api/v1/auth")
        #expect(prefixes.prefix(of: "/api/v1/shops/messages/image/upload") == "/api/v1")
        #expect(prefixes.prefix(of: "/shops/messages/image/upload") == "")
        #expect(prefixes.prefix(of: "/api/%761/shops/messages/image/upload") == "/api/v1")
    }
}

extension RouteMatch {
    fileprivate var value: Value? {
        switch self {
        case .matched(let value, _): value
        case .notFound, .methodNotAllowed, .options: nil
        }
    }
}
