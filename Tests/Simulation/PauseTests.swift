import Primitives
import Reactor
import Sessions
import Testing

@testable import Server

/// The process is stopped for a while and continues. Completions of that time are handled before any deadline, and the
/// pause counts against no peer. Pings are 2 s apart here, and a pong has 4 s.
@Suite struct PauseTests {
    private static let ping: [UInt8] = [0x89, 0x00]
    private static let pong: [UInt8] = [0x8a, 0x80, 0, 0, 0, 0]

    @Test func `streams whose pongs lie unread survive a pause longer than the wait`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            // More than there are receive buffers, so that not all pongs can be read at once.
            let streams = try (0..<24).map { try run.openStream(of: "shop-\($0 % 8 + 1)") }
            run.advance(by: .milliseconds(2_100))
            for stream in streams {
                run.ledger.expect(stream.read() == Self.ping, "no ping after its period")
                stream.send(Self.pong)
                stream.write()
            }
            for seconds in [5, 60, 3] {
                run.pause(for: .seconds(seconds))
                run.ledger.expect(run.openStreamCount == 24, "\(run.openStreamCount) of 24 are left")
                run.advance(by: .milliseconds(2_100))
                for stream in streams {
                    run.ledger.expect(stream.read() == Self.ping, "no ping after a pause of \(seconds) s")
                    stream.send(Self.pong)
                    stream.write()
                }
            }
            run.advance(by: .milliseconds(1_900))
            for stream in streams { stream.close() }
        }
        #expect(violations.isEmpty)
    }

    @Test func `a stream that was not pinged before a pause is pinged after it`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let stream = try run.openStream(of: "shop-1")
            run.pause(for: .seconds(30))
            run.advance(by: .milliseconds(2_100))
            run.ledger.expect(stream.read() == Self.ping, "no ping, or more than that")
            run.ledger.expect(run.openStreamCount == 1, "closed without a ping")
            // A stream that does not answer is still closed, with a close frame.
            run.advance(by: .milliseconds(4_100))
            run.ledger.expect(run.openStreamCount == 0, "still counted")
            let last = stream.read()
            run.ledger.expect(last.prefix(2) == Self.ping[...], "no second ping")
            run.ledger.expect(
                last.dropFirst(2).prefix(4).elementsEqual([0x88, 17, 0x03, 0xf3]), "no close frame")
            stream.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a body whose rest arrived during a pause completes its request`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let body = #"{"shop_id":"shop-1","message":"in time"}"#
            let head = """
                POST /api/v1/shops/messages HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\
                Authorization: Bearer \(run.context.token(of: "user").text)\r\n\r\n
                """
            let socket = try run.connect(sending: Array(head.utf8))
            run.turn()
            socket.send(Array(body.utf8))
            socket.write()
            run.pause(for: Sessions.Limits.bodyWait + .seconds(10))
            run.server.store.resumeSome()
            run.turn()
            run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 201".utf8)), "not answered")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a head that a pause delayed has its whole time limit`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let socket = try run.connect(sending: Array("GET /healthz HTTP/1.1\r\n".utf8))
            run.advance(by: Sessions.Limits.headWait - .seconds(1))
            run.pause(for: .seconds(20))
            run.ledger.expect(!socket.isOver && !socket.hasArrivals, "the pause counted")
            run.advance(by: .milliseconds(500))
            run.send(Array("Host: a\r\n\r\n".utf8), on: socket)
            run.turn()
            run.ledger.expect(socket.read().starts(with: Array("HTTP/1.1 200".utf8)), "not answered")
            socket.close()
        }
        #expect(violations.isEmpty)
    }

    @Test func `a slow client that reads during a pause has its whole write wait again`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let stream = try run.openStream(of: "shop-1")
            let change = run.event(ofByteCount: 2_000)
            run.server.shards[0].publish(change, to: ShopID("shop-1"))
            run.turn()
            var byteCount = 0
            for _ in 0..<3 {
                // Less than the write wait of 2.5 s before the pause, more than it with the pause.
                run.advance(by: .milliseconds(1_200))
                byteCount += stream.read().count
                run.pause(for: .seconds(3))
            }
            run.ledger.expect(run.openStreamCount == 1, "closed after the write wait")
            run.ledger.expect(byteCount >= 600, "the script is too late")
            stream.close()
        }
        #expect(violations.isEmpty)
    }
}

/// Frames of clients have a cost, and a limit in each turn.
@Suite struct StreamInputTests {
    private static let maskedPing: [UInt8] = [0x89, 0x80, 0, 0, 0, 0]

    @Test func `a client's frames beyond those of a turn wait, in order, and a deadline waits for them`() async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let stream = try run.openStream(of: "shop-1")
            let shard = run.server.shards[0]
            // The virtual socket holds 300 bytes: 50 pings, within the frames of a turn. Empty fragments cost as much.
            let frameCount = 2 * Sessions.Limits.clientFramesPerTurn + 10
            var bytes: [UInt8] = []
            for _ in 0..<frameCount { bytes += Self.maskedPing }
            var span = bytes.mutableSpan
            guard let connection = shard.streams.connections.first else { throw ScriptedRun.ScriptError.noStream }
            shard.streamReceived(connection, &span)
            run.ledger.expect(shard.streams.heldInput.contains(connection), "all frames were handled at once")
            // Held in this turn, so due in the next, and the rest in the one after that.
            run.ledger.expect(shard.continueInput(), "handled within the same turn")
            run.ledger.expect(shard.streams.heldInput.contains(connection), "handled within the same turn")
            run.ledger.expect(shard.continueInput(), "handled in one turn")
            run.ledger.expect(!shard.continueInput(), "still held")
            run.turn()
            run.ledger.expect(stream.hasArrivals, "no pong")
            stream.close()
        }
        #expect(violations.isEmpty)
    }

    @Test(arguments: [[0x89, 0x80, 0, 0, 0, 0], [0x00, 0x80, 0, 0, 0, 0]] as [[UInt8]])
    func `each frame costs the client, and frames beyond its allowance are not handled`(frame: [UInt8]) async {
        let violations = await ScriptedRun.run(reactorCount: 1) { run in
            let stream = try run.openStream(of: "shop-1")
            let shard = run.server.shards[0]
            guard let connection = shard.streams.connections.first else { throw ScriptedRun.ScriptError.noStream }
            // Opens the message that empty fragments continue.
            var bytes: [UInt8] = [0x01, 0x80, 0, 0, 0, 0]
            let paidCount = Sessions.Limits.clientByteCountBurst / (frame.count + Sessions.Limits.clientSendByteCost)
            for _ in 0..<paidCount + 100 { bytes += frame }
            var offset = 0
            var turnCount = 0
            while offset < bytes.count, shard.counters.openStreams == 1 {
                var piece = Array(bytes[offset..<min(offset + 4_096, bytes.count)])
                offset += piece.count
                var span = piece.mutableSpan
                shard.streamReceived(connection, &span)
                while shard.continueInput() { turnCount += 1 }
            }
            run.ledger.expect(shard.counters.openStreams == 0, "within the rate")
            run.ledger.expect(offset > bytes.count - 8_192, "closed early")
            run.ledger.expect(shard.counters.disconnects[.rateExceeded] == 1, "another reason")
            run.turn()
            stream.close()
        }
        #expect(violations.isEmpty)
    }
}

extension ScriptedRun {
    fileprivate var openStreamCount: Int { server.shards.reduce(0) { $0 + $1.counters.openStreams } }
}
