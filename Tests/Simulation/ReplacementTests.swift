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
        let violations = await ScriptedRun.run(reactorCount: reactorCount, replacesStreams: true) { run in
            var sockets: [Socket] = []
            let countMax = run.context.scenario.connectionsPerUserMax
            for round in 0..<countMax * 3 {
                let shop = run.context.scenario.shopNames[round % run.context.scenario.shopNames.count]
                sockets.append(try run.openStream(of: shop))
                run.turn()
                let replaced = sockets.enumerated().filter { Self.isReplaced($0.element) }.map(\.offset)
                run.ledger.expect(
                    replaced == (round < countMax ? [] : [round - countMax]), "round \(round) replaced \(replaced)")
                let open = run.server.shards.reduce(0) { $0 + $1.streams.tickets.count }
                run.ledger.expect(open <= countMax + 1, "\(open) streams are open")
                for offset in replaced { sockets[offset].close() }
                run.turn()
            }
            for socket in sockets { socket.close() }
            run.turn()
            for shard in run.server.shards {
                run.ledger.expect(shard.userLimits.orderedUserCount == 0, "an ended stream is still in the order")
            }
        }
        #expect(violations.isEmpty)
    }
}
