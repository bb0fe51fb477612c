import Primitives
import Reactor
import Sessions
import Testing

@testable import Server

/// The metrics listener beside a public one that is full.
@Suite struct MetricsListenerTests {
    private static func get(_ path: String) -> [UInt8] { Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8) }

    @Test func `a scraper is answered while the public listener has no room`() async {
        let violations = await ScriptedRun.run(reactorCount: 1, hasMetricsListener: true) { run in
            // 64 descriptors, 4 of them in reserve and 4 the metrics listener's.
            let held = try (0..<56).map { _ in try run.connect(sending: Array("GET ".utf8)) }
            run.turn()
            let late = try run.connect(sending: Self.get("/healthz"))
            for path in ["/metrics", "/healthz", "/readyz"] {
                let scraper = try run.connectForMetrics(sending: Self.get(path))
                run.turn()
                run.ledger.expect(scraper.read().starts(with: Array("HTTP/1.1 200".utf8)), "\(path)")
                scraper.close()
                run.turn()
            }
            run.ledger.expect(late.read().isEmpty, "the public listener has room")
            for socket in held + [late] { socket.close() }
        }
        #expect(violations.isEmpty)
    }

    @Test func `each listener has its own routes`() async {
        let violations = await ScriptedRun.run(reactorCount: 2, hasMetricsListener: true) { run in
            for index in 0..<2 {
                let client = try run.connect(sending: Self.get("/metrics"), to: index)
                run.turn()
                run.ledger.expect(client.read().starts(with: Array("HTTP/1.1 404".utf8)), "public metrics")
                client.close()
            }
            let client = try run.connectForMetrics(sending: Self.get("/openapi.json"))
            run.turn()
            run.ledger.expect(client.read().starts(with: Array("HTTP/1.1 404".utf8)), "not only three routes")
            client.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a client that sends no request does not keep the listener busy`() async {
        let violations = await ScriptedRun.run(reactorCount: 1, hasMetricsListener: true) { run in
            let silent = try (0..<4).map { _ in try run.connectForMetrics(sending: Array("GET ".utf8)) }
            let scraper = try run.connectForMetrics(sending: [])
            scraper.send(Self.get("/metrics"))
            scraper.write()
            run.turn()
            run.ledger.expect(scraper.read().isEmpty, "a fifth connection was accepted")
            run.advance(by: Sessions.Limits.headWait + .seconds(1))
            for socket in silent {
                run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 408".utf8)), "no 408")
                socket.close()
            }
            run.turn()
            run.ledger.expect(scraper.read().starts(with: Array("HTTP/1.1 200".utf8)), "no answer")
            scraper.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a drain is watched until the last other connection has ended`() async {
        let violations = await ScriptedRun.run(reactorCount: 2, hasMetricsListener: true) { run in
            let slow = try run.connect(sending: Array("GET /healthz HTTP/1.1\r\n".utf8))
            run.turn()
            run.context.phase = .draining
            run.server.postDrain()
            run.turn()
            for (path, status) in [("/readyz", 503), ("/metrics", 200), ("/readyz", 503)] {
                let scraper = try run.connectForMetrics(sending: Self.get(path))
                run.turn()
                run.ledger.expect(scraper.read().starts(with: Array("HTTP/1.1 \(status)".utf8)), "\(path)")
                scraper.close()
                run.turn()
            }
            run.ledger.expect((try? run.connect(sending: [])) == nil, "the public listener is still open")
            run.send(Array("Host: a\r\n\r\n".utf8), on: slow)
            run.turn()
            run.ledger.expect(slow.read().starts(with: Array("HTTP/1.1 200".utf8)), "no answer")
            slow.close()
            run.turn()
            run.ledger.expect((try? run.connectForMetrics(sending: [])) == nil, "the metrics listener is still open")
        }
        #expect(violations.isEmpty)
    }

    @Test func `a drain answers the scrape in flight and ends idle connections`() async {
        let violations = await ScriptedRun.run(reactorCount: 2, hasMetricsListener: true) { run in
            let idle = try run.connectForMetrics(sending: Self.get("/healthz"))
            let scraper = try run.connectForMetrics(sending: Array("GET /metrics HTTP/1.1\r\n".utf8))
            let probe = try run.connectForMetrics(sending: Array("GET /readyz HTTP/1.1\r\n".utf8))
            run.turn()
            _ = idle.read()
            run.context.phase = .draining
            run.server.postDrain()
            run.turn()
            run.ledger.expect(idle.isOver, "an idle connection stays open")
            idle.close()
            run.ledger.expect((try? run.connectForMetrics(sending: [])) == nil, "the metrics listener is still open")
            for (socket, status) in [(scraper, 200), (probe, 503)] {
                run.send(Array("Host: a\r\n\r\n".utf8), on: socket)
                run.turn()
                run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 \(status)".utf8)), "\(status)")
                socket.close()
            }
        }
        #expect(violations.isEmpty)
    }
}
