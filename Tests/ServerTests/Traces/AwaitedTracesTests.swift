import Chat
import Primitives
import Testing

@testable import Server

@Suite struct AwaitedTracesTests {
    private static func trace(_ number: Int) -> TraceContext {
        TraceContext(traceIDHigh: 1, traceIDLow: UInt64(number), spanID: 1)
    }

    private static func message(_ number: Int) -> MessageID { MessageID("m\(number)") }

    @Test func `a report has the trace of its change once`() {
        var traces = AwaitedTraces()
        #expect(traces.take(Self.message(1)) == nil)
        traces.await(Self.message(1), in: Self.trace(1))
        traces.await(Self.message(2), in: Self.trace(2))
        #expect(traces.take(Self.message(3)) == nil, "another node's")
        #expect(traces.take(Self.message(1)) == Self.trace(1))
        #expect(traces.take(Self.message(1)) == nil)
        #expect(traces.take(Self.message(2)) == Self.trace(2))
    }

    @Test func `traces whose reports were missed are forgotten`() {
        var traces = AwaitedTraces()
        for number in 0...AwaitedTraces.countMax {
            traces.await(Self.message(number), in: Self.trace(number))
            #expect(traces.count <= AwaitedTraces.countMax)
        }
        #expect(traces.count == 1)
        #expect(traces.take(Self.message(AwaitedTraces.countMax)) != nil)
    }
}
