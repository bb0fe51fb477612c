import Primitives
import Sessions
import Testing

@testable import Server

/// `WEBSOCKET_OVER_LIMIT=replace`: a stream over the limit ends its user's oldest one.
@Suite struct ReplacementTests {
    private static func isReplaced(_ socket: Socket) -> Bool {
        let bytes = socket.read()
        // 0x88, a length, and 4409.
        return bytes.indices.dropLast(3).contains {
            bytes[$0] == 0x88 && bytes[$0 + 2] == 0x11 && bytes[$0 + 3] == 0x39
        }
    }

    @Test(arguments: [1, 2, 3]) func `the oldest stream ends with 4409, whichever reactor has it`(
        reactorCount: Int
    ) async {
        let violations = await Rehearsal.play(reactorCount: reactorCount, replacesStreams: true) { rehearsal in
            var sockets: [Socket] = []
            let countMax = rehearsal.stage.scenario.connectionsPerUserMax
            for round in 0..<countMax * 3 {
                let shop = rehearsal.stage.scenario.shopNames[round % rehearsal.stage.scenario.shopNames.count]
                sockets.append(try rehearsal.openStream(of: shop))
                rehearsal.turn()
                let replaced = sockets.enumerated().filter { Self.isReplaced($0.element) }.map(\.offset)
                rehearsal.ledger.expect(
                    replaced == (round < countMax ? [] : [round - countMax]), "round \(round) replaced \(replaced)")
                let open = rehearsal.world.shards.reduce(0) { $0 + $1.streams.tickets.count }
                rehearsal.ledger.expect(open <= countMax + 1, "\(open) streams are open")
                for offset in replaced { sockets[offset].close() }
                rehearsal.turn()
            }
            for socket in sockets { socket.close() }
            rehearsal.turn()
            for shard in rehearsal.world.shards {
                rehearsal.ledger.expect(shard.userLimits.orderedUserCount == 0, "an ended stream is in the order still")
            }
        }
        #expect(violations.isEmpty)
    }
}
