import HTTP
import HTTPTypes
import Primitives
import Reactor
import Testing

@testable import Server

/// What seeds have found, each as a script.
@Suite struct RegressionTests {
    @Test func `a stream that is already ending when the server stops releases its quota slot once`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let socket = try run.openStream(of: "shop-1")
            let shard = run.server.shards[0]
            // The stream is over and its socket is still closing.
            socket.reset()
            while shard.counters.openStreams > 0 { run.server.turnAll() }
            run.ledger.expect(
                shard.streams.count == 1, "the socket is closed already: the script misses its moment")
            shard.drain()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a socket that is full for a moment does not delay the ping`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let socket = try run.openStream(of: "shop-1")
            run.advance(by: .milliseconds(1_900))
            let change = run.event(ofByteCount: 2_000)
            run.server.shards[0].publish(change, to: ShopID("shop-1"))
            run.turn()
            while socket.hasArrivals {
                _ = socket.read()
                run.turn()
            }
            run.advance(by: .milliseconds(200))
            run.ledger.expect(socket.read() == [0x89, 0x00], "no ping after its period")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a pending request is answered by a shard that has no connection left itself`() async {
        let violations = await ScriptedRun.run(reactorCount: 2, slowStore: true) { run in
            let shop = try run.shop(ownedBy: 1)
            var request: [UInt8] = []
            RequestWriter.append(
                .post, target: "/api/v1/shops/messages", authority: "simulation",
                fields: [.authorization: "Bearer \(run.context.token(of: "user").text)"],
                body: Array(#"{"shop_id":"\#(shop)","message":"late"}"#.utf8), to: &request)
            let socket = try run.connect(sending: request)
            run.turn()
            run.server.postDrain()
            run.turn()
            while run.server.store.waitingCount > 0 {
                run.server.store.resumeSome()
                run.turn()
            }
            run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 201".utf8)), "no answer")
            run.ledger.expect(run.ledger.storedCount(shop) == 1, "nothing was stored")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a silent connection does not delay the stop of the server`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            guard let late = run.context.connect() else { throw ScriptedRun.ScriptError.noConnection }
            let shard = run.server.shards[0]
            while shard.reactor.connectionCount == 0 { run.server.turnAll() }
            // Accepted by the reactor, and not yet announced to the shard.
            run.ledger.expect(shard.http.isEmpty, "the connection is already announced: the script is too late")
            shard.drain()
            run.turn()
            run.advance(by: .milliseconds(2_100))
            run.ledger.expect(late.isOver, "the server still waits for a request")
            late.close()
        }
        #expect(violations.isEmpty)
    }
}
