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
