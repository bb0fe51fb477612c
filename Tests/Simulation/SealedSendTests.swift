import Primitives
import Reactor
import Testing

@testable import Server

/// What the hub sends to a stream with TLS, as the records that a client receives (RFC 8446, section 5.1).
@Suite struct SealedSendTests {
    /// The most plaintext of one record (RFC 8446, section 5.1), and what sealing adds to it at most (section 5.2).
    private static let recordByteCountMax = 16_384
    private static let overheadByteCountMax = 256

    /// Opens two streams of a shop with TLS, publishes the events in turns of these numbers of them, and reads all.
    /// Passes on, for each stream, the records' lengths and the plaintext.
    private static func publish(
        inTurnsOf counts: [Int], eventByteCount: Int,
        _ check: @escaping @Sendable (ScriptedRun, [Int], [UInt8]) -> Void
    ) async -> [String] {
        await ScriptedRun.run(reactorCount: 1, hasTLS: true) { run in
            run.context.network.socketBufferByteCountMax = 1 << 20
            let sockets = [try run.openStream(of: "shop-1"), try run.openStream(of: "shop-1")]
            run.turn()
            for socket in sockets { run.ledger.expect(socket.read().isEmpty, "a new stream gets bytes") }
            let before = sockets.map { $0.records.lengths.count }
            for count in counts {
                run.perform { shard in
                    let event = run.event(ofByteCount: eventByteCount)
                    for _ in 0..<count { shard.publish(event, to: ShopID("shop-1")) }
                }
            }
            run.turn()
            for (index, socket) in sockets.enumerated() {
                let plaintext = socket.read()
                run.ledger.expect(socket.records.isComplete, "half a record arrived")
                check(run, Array(socket.records.lengths.dropFirst(before[index])), plaintext)
                socket.close()
            }
            run.turn()
        }
    }

    @Test(arguments: [1, 2, 8, 50]) func `frames of one turn are sealed together`(count: Int) async {
        let violations = await Self.publish(inTurnsOf: [count], eventByteCount: 200) { run, lengths, plaintext in
            run.ledger.expect(lengths.count == 1, "\(count) frames of one turn are in records of \(lengths)")
            run.ledger.expect(plaintext.count > count * 200, "\(plaintext.count) bytes of \(count) frames arrived")
            run.ledger.expect(
                lengths.allSatisfy { $0 <= plaintext.count + Self.overheadByteCountMax }, "\(lengths) is too long")
        }
        #expect(violations.isEmpty)
    }

    @Test func `frames of several turns are in a record for each turn`() async {
        let counts = [1, 3, 1, 2, 1]
        let violations = await Self.publish(inTurnsOf: counts, eventByteCount: 200) { run, lengths, plaintext in
            run.ledger.expect(lengths.count == 5, "8 frames of 5 turns are in records of \(lengths)")
            run.ledger.expect(plaintext.count > 8 * 200, "\(plaintext.count) bytes of 8 frames arrived")
            guard lengths.count == 5 else { return }
            run.ledger.expect(lengths[0] == lengths[2] && lengths[0] == lengths[4], "\(lengths) differ")
            run.ledger.expect(lengths[0] < lengths[3] && lengths[3] < lengths[1], "\(lengths) are not by turn")
        }
        #expect(violations.isEmpty)
    }

    @Test func `what is more than a record holds is in as few records as it needs`() async {
        let violations = await Self.publish(inTurnsOf: [5], eventByteCount: 10_000) { run, lengths, plaintext in
            run.ledger.expect(plaintext.count > 50_000, "\(plaintext.count) bytes of 5 frames arrived")
            let needed = (plaintext.count + Self.recordByteCountMax - 1) / Self.recordByteCountMax
            run.ledger.expect(lengths.count == needed, "\(plaintext.count) bytes are in records of \(lengths)")
            let lengthMax = Self.recordByteCountMax + Self.overheadByteCountMax
            run.ledger.expect(lengths.allSatisfy { $0 <= lengthMax }, "\(lengths) are too long")
        }
        #expect(violations.isEmpty)
    }
}
