import API
import HTTP
import HTTPTypes
import Reactor
import Testing

@testable import Server

@Suite struct ListenerRoutesTests {
    private func routes(_ environment: [String: String]) throws -> ListenerRoutes {
        ListenerRoutes(try ServerConfiguration(environment: environment))
    }

    private func isFound(_ routes: RouteTable, _ path: String, _ method: HTTPRequest.Method = .get) -> Bool {
        if case .matched = routes.match(RequestHead(method: method, path: path)) { return true }
        return false
    }

    @Test func `without a metrics listener the public one has the metrics`() throws {
        let routes = try routes([:])
        #expect(isFound(routes[.main], "/metrics"))
        #expect(isFound(routes[.main], "/readyz"))
    }

    @Test func `with a metrics listener the public one has no metrics`() throws {
        let routes = try routes(["SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:9090", "SHOPSTREAM_DEMO": "true"])
        #expect(routes[.main].match(RequestHead(method: .get, path: "/metrics")) == .notFound)
        for path in ["/healthz", "/readyz", "/openapi.json", "/api/v1/health/websocket"] {
            #expect(isFound(routes[.main], path))
        }
    }

    @Test func `with a secret both listeners have the live view, and without one neither`() throws {
        let metrics = ["SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:9090"]
        let off = try routes(metrics)
        let on = try routes(metrics.merging(["SHOPSTREAM_ADMIN_SECRET": "a-secret-of-16-b"]) { $1 })
        for path in ["/admin", "/admin/figures"] {
            for listener in [ListenerKind.main, .second, .side] {
                #expect(off[listener].match(RequestHead(method: .get, path: path)) == .notFound)
                #expect(off[listener].match(RequestHead(method: .post, path: path)) == .notFound)
                #expect(isFound(on[listener], path))
            }
        }
    }

    @Test func `the metrics listener has three routes`() throws {
        let routes = try routes(["SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:9090", "SHOPSTREAM_DEMO": "true"])
        for path in ["/metrics", "/healthz", "/readyz"] {
            #expect(isFound(routes[.side], path) && isFound(routes[.side], path, .head))
            #expect(
                routes[.side].match(RequestHead(method: .post, path: path))
                    == .methodNotAllowed(allow: [.get, .head, .options]))
        }
        for path in [
            "/", "/demo.json", "/openapi.json", "/api/v1/health/websocket", "/api/v1/shops/a/messages",
            "/api/v1/shops/a/messages/stream",
        ] {
            #expect(routes[.side].match(RequestHead(method: .get, path: path)) == .notFound)
        }
        #expect(routes[.side].match(RequestHead(method: .post, path: "/api/v1/shops/messages")) == .notFound)
    }
}
