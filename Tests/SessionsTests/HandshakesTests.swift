import Primitives
import Testing

@testable import Sessions

@Suite struct HandshakesTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    private static func connection(_ slot: UInt32) -> ConnectionID { ConnectionID(slot: slot, generation: 0) }

    private var handshakes = Handshakes(countPerTurn: 2, countMax: 3, waitingCountMax: 2)

    private mutating func hello(_ slot: UInt32, at milliseconds: UInt64) -> Handshakes.Decision {
        let bytes = [UInt8(slot)]
        return handshakes.helloArrived(
            bytes.span, of: Self.connection(slot), turnBeganAt: Self.at(milliseconds))
    }

    @Test mutating func `a turn begins a few, the next ones wait, and more than that are refused`() {
        #expect(hello(1, at: 0) == .begin(evicted: nil))
        #expect(hello(2, at: 0) == .begin(evicted: nil))
        #expect(hello(3, at: 0) == .wait)
        #expect(hello(4, at: 0) == .wait)
        #expect(hello(5, at: 0) == .refuse)
        #expect(handshakes.count == 2 && !handshakes.isIdle)
    }

    @Test mutating func `those that waited begin after as long as the turn took, in their order`() {
        for slot: UInt32 in 1...4 { _ = hello(slot, at: 0) }
        #expect(handshakes.turnEnded(beganAt: Self.at(0), at: Self.at(3)).isEmpty)
        #expect(handshakes.nextTurnAt == Self.at(6))
        #expect(handshakes.turnEnded(beganAt: Self.at(3), at: Self.at(4)).isEmpty)
        let due = handshakes.turnEnded(beganAt: Self.at(6), at: Self.at(6))
        #expect(due.map(\.connection) == [3, 4].map(Self.connection))
        #expect(due.map(\.bytes) == [[3], [4]])
        #expect(handshakes.nextTurnAt == nil)
    }

    @Test mutating func `a connection that ended while it waited does not begin`() {
        for slot: UInt32 in 1...3 { _ = hello(slot, at: 0) }
        handshakes.ended(Self.connection(3))
        _ = handshakes.turnEnded(beganAt: Self.at(0), at: Self.at(1))
        #expect(handshakes.turnEnded(beganAt: Self.at(2), at: Self.at(2)).isEmpty)
    }

    @Test mutating func `beyond the limit the oldest that is not complete ends`() {
        for slot: UInt32 in 1...3 { #expect(handshakes.begin(Self.connection(slot)) == nil) }
        handshakes.ended(Self.connection(1))
        #expect(handshakes.begin(Self.connection(4)) == nil)
        #expect(handshakes.begin(Self.connection(5)) == Self.connection(2))
        #expect(handshakes.begin(Self.connection(6)) == Self.connection(3))
        #expect(handshakes.count == 3)
    }

    @Test mutating func `many that came and went leave nothing`() {
        for slot: UInt32 in 0..<10_000 {
            #expect(handshakes.begin(Self.connection(slot)) == nil)
            handshakes.ended(Self.connection(slot))
        }
        #expect(handshakes.count == 0)
    }
}
