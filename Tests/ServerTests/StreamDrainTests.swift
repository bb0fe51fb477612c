import Primitives
import Testing

@testable import Server

@Suite struct StreamDrainTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
    }

    private static func connections(_ count: UInt32) -> [ConnectionID] {
        (0..<count).map { ConnectionID(slot: $0, generation: 0) }
    }

    /// The slots that are due.
    private func due(_ drain: inout StreamDrain, at milliseconds: UInt64) -> [UInt32] {
        var slots: [UInt32] = []
        while let connection = drain.popDue(at: Self.at(milliseconds)) { slots.append(connection.slot) }
        return slots
    }

    @Test func `streams end evenly over the span, the first at once`() {
        var drain = StreamDrain(Self.connections(4), over: .milliseconds(400), at: Self.at(0))
        #expect(drain.nextAt == Self.at(0))
        #expect(due(&drain, at: 0) == [0])
        #expect(drain.nextAt == Self.at(100))
        #expect(due(&drain, at: 99) == [])
        #expect(due(&drain, at: 100) == [1])
        #expect(due(&drain, at: 399) == [2, 3])
        #expect(drain.nextAt == nil && due(&drain, at: 1_000) == [])
    }

    @Test func `a late timer ends all that are due`() {
        var drain = StreamDrain(Self.connections(10_000), over: .milliseconds(4_000), at: Self.at(0))
        #expect(due(&drain, at: 1_000).count == 2_501)
        #expect(due(&drain, at: 5_000).count == 7_499)
    }

    @Test func `no streams need no time`() {
        let drain = StreamDrain([], over: .seconds(5), at: Self.at(0))
        #expect(drain.nextAt == nil)
    }
}
