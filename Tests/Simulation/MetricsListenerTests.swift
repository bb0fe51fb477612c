import Primitives
import Reactor
import Testing

@testable import Server

/// The metrics listener beside a public one that is full.
@Suite struct MetricsListenerTests {
    private static func get(_ path: String) -> [UInt8] { Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8) }

    @Test func `a scraper is answered while the public listener has no room`() async {
        let violations = await Rehearsal.play(reactorCount: 1, hasMetricsListener: true) { rehearsal in
            // 64 descriptors, 4 of them in reserve and 4 the metrics listener's.
            let held = try (0..<56).map { _ in try rehearsal.connect(sending: Array("GET ".utf8)) }
            rehearsal.turn()
            let late = try rehearsal.connect(sending: Self.get("/healthz"))
            for path in ["/metrics", "/healthz", "/readyz"] {
                let scraper = try rehearsal.connectForMetrics(sending: Self.get(path))
                rehearsal.turn()
                rehearsal.ledger.expect(scraper.read().starts(with: Array("HTTP/1.1 200".utf8)), "\(path)")
                scraper.close()
                rehearsal.turn()
            }
            rehearsal.ledger.expect(late.read().isEmpty, "there was room")
            for socket in held + [late] { socket.close() }
        }
        #expect(violations.isEmpty)
    }

    @Test func `each listener has its own routes`() async {
        let violations = await Rehearsal.play(reactorCount: 2, hasMetricsListener: true) { rehearsal in
            for index in 0..<2 {
                let client = try rehearsal.connect(sending: Self.get("/metrics"), to: index)
                rehearsal.turn()
                rehearsal.ledger.expect(client.read().starts(with: Array("HTTP/1.1 404".utf8)), "public metrics")
                client.close()
            }
            let client = try rehearsal.connectForMetrics(sending: Self.get("/openapi.json"))
            rehearsal.turn()
            rehearsal.ledger.expect(client.read().starts(with: Array("HTTP/1.1 404".utf8)), "not only three routes")
            client.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a client that sends no request does not keep the listener busy`() async {
        let violations = await Rehearsal.play(reactorCount: 1, hasMetricsListener: true) { rehearsal in
            let silent = try (0..<4).map { _ in try rehearsal.connectForMetrics(sending: Array("GET ".utf8)) }
            let scraper = try rehearsal.connectForMetrics(sending: [])
            scraper.send(Self.get("/metrics"))
            scraper.write()
            rehearsal.turn()
            rehearsal.ledger.expect(scraper.read().isEmpty, "a fifth connection was accepted")
            rehearsal.advance(by: ServerLimits.headWait + .seconds(1))
            for socket in silent {
                rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 408".utf8)), "no 408")
                socket.close()
            }
            rehearsal.turn()
            rehearsal.ledger.expect(scraper.read().starts(with: Array("HTTP/1.1 200".utf8)), "no answer")
            scraper.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a drain answers the scrape in flight and ends idle connections`() async {
        let violations = await Rehearsal.play(reactorCount: 2, hasMetricsListener: true) { rehearsal in
            let idle = try rehearsal.connectForMetrics(sending: Self.get("/healthz"))
            let scraper = try rehearsal.connectForMetrics(sending: Array("GET /metrics HTTP/1.1\r\n".utf8))
            let probe = try rehearsal.connectForMetrics(sending: Array("GET /readyz HTTP/1.1\r\n".utf8))
            rehearsal.turn()
            _ = idle.read()
            rehearsal.stage.act = .draining
            rehearsal.world.postDrain()
            rehearsal.turn()
            rehearsal.ledger.expect(idle.isOver, "an idle connection goes on")
            idle.close()
            rehearsal.ledger.expect((try? rehearsal.connectForMetrics(sending: [])) == nil, "it listens yet")
            for (socket, status) in [(scraper, 200), (probe, 503)] {
                rehearsal.send(Array("Host: a\r\n\r\n".utf8), on: socket)
                rehearsal.turn()
                rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 \(status)".utf8)), "\(status)")
                socket.close()
            }
        }
        #expect(violations.isEmpty)
    }
}
