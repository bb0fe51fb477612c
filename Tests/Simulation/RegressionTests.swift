import HTTP
import HTTPTypes
import Primitives
import Reactor
import Testing

@testable import Server

/// What seeds have found, each as a script.
@Suite struct RegressionTests {
    @Test func `a stream that is already ending when the server stops gives its place back once`() async {
        let violations = await Rehearsal.play(reactorCount: 1) { rehearsal in
            let socket = try rehearsal.openStream(of: "shop-1")
            let shard = rehearsal.world.shards[0]
            // The stream is over and its socket is still closing.
            socket.reset()
            while shard.counters.openStreams > 0 { rehearsal.world.turnAll() }
            rehearsal.ledger.expect(
                shard.streams.count == 1, "the socket is closed already: the script misses its moment")
            shard.drain()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a socket that is full for a moment does not put off the ping`() async {
        let violations = await Rehearsal.play(reactorCount: 1) { rehearsal in
            let socket = try rehearsal.openStream(of: "shop-1")
            rehearsal.advance(by: .milliseconds(1_900))
            let change = rehearsal.event(ofByteCount: 2_000)
            rehearsal.world.shards[0].publish(change, to: ShopID("shop-1"))
            rehearsal.turn()
            while socket.hasArrivals {
                _ = socket.read()
                rehearsal.turn()
            }
            rehearsal.advance(by: .milliseconds(200))
            rehearsal.ledger.expect(socket.read() == [0x89, 0x00], "no ping after its period")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a request under way is answered by a shard that has no connection left itself`() async {
        let violations = await Rehearsal.play(reactorCount: 2, slowStore: true) { rehearsal in
            let shop = try rehearsal.shop(ownedBy: 1)
            var request: [UInt8] = []
            RequestWriter.append(
                .post, target: "/api/v1/shops/messages", authority: "simulation",
                fields: [.authorization: "Bearer \(rehearsal.stage.token(of: "user").text)"],
                body: Array(#"{"shop_id":"\#(shop)","message":"late"}"#.utf8), to: &request)
            let socket = try rehearsal.connect(sending: request)
            rehearsal.turn()
            rehearsal.world.postDrain()
            rehearsal.turn()
            while rehearsal.world.store.waitingCount > 0 {
                rehearsal.world.store.openDoor()
                rehearsal.turn()
            }
            rehearsal.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 201".utf8)), "no answer")
            rehearsal.ledger.expect(rehearsal.ledger.storedCount(shop) == 1, "nothing was stored")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a connection that says nothing while the server stops does not hold it up`() async {
        let violations = await Rehearsal.play(reactorCount: 1) { rehearsal in
            guard let late = rehearsal.stage.connect() else { throw Rehearsal.ScriptError.noConnection }
            let shard = rehearsal.world.shards[0]
            while shard.reactor.connectionCount == 0 { rehearsal.world.turnAll() }
            // Accepted by the reactor, and not yet announced to the shard.
            rehearsal.ledger.expect(shard.http.isEmpty, "the connection is known already: the script misses its moment")
            shard.drain()
            rehearsal.turn()
            rehearsal.advance(by: .milliseconds(2_100))
            rehearsal.ledger.expect(late.isOver, "the server still waits for a request")
            late.close()
        }
        #expect(violations.isEmpty)
    }
}
