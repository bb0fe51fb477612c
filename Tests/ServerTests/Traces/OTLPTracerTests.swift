import Primitives
import Testing
import Tracing

@testable import Server

@Suite struct OTLPTracerTests {
    private let queue = SpanQueue(countMax: 4, batchCount: 3)
    private func tracer(ratio: Double) -> OTLPTracer { OTLPTracer(sampler: TraceSampler(ratio: ratio), queue: queue) }

    private func parent(isSampled: Bool) throws -> TraceParent {
        try #require(TraceParent(text: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\(isSampled ? 1 : 0)"))
    }

    @Test func `the caller's decision counts, whatever the ratio`() throws {
        let sampled = try parent(isSampled: true)
        let span = try #require(tracer(ratio: 0).startRequestSpan("request", parent: sampled) { (1, 1) })
        #expect(span.traceContext.traceIDHigh == sampled.context.traceIDHigh)
        let unsampled = try parent(isSampled: false)
        #expect(tracer(ratio: 1).startRequestSpan("request", parent: unsampled) { (1, 1) } == nil)
        #expect(tracer(ratio: 0).startRequestSpan("request", parent: nil) { (1, 1) } == nil)
        #expect(tracer(ratio: 1).startRequestSpan("request", parent: nil) { (1, 1) }?.traceContext.traceIDLow == 1)
    }

    @Test func `a span is queued once, when it ends, with what was set before`() throws {
        let root = try #require(tracer(ratio: 1).startRequestSpan("root", parent: nil) { (1, 2) })
        let child = tracer(ratio: 0).startSpan("child", in: root.traceContext)
        child.updateAttributes { $0["key"] = 7 }
        child.addEvent("event")
        child.recordError(FetchError(reason: "a secret"))
        child.setStatus(SpanStatus(code: .error))
        #expect(queue.takeBatch().isEmpty && child.isRecording)
        child.end()
        child.end()
        child.operationName = "later"
        root.end()
        let records = queue.takeBatch()
        #expect(records.map(\.name) == ["child", "root"])
        #expect(records[0].parentID == root.traceContext.spanID && records[1].parentID == nil)
        #expect(records[0].attributes.get("key") == .int64(7))
        #expect(records[0].events.map(\.name) == ["event", "exception"])
        #expect(records[0].events[1].attributes.get("exception.type") == .string("FetchError"))
        #expect(records[0].endNanoseconds >= records[0].startNanoseconds)
        #expect(!child.isRecording)
    }

    @Test func `spans of a trace that is not recorded begin no other trace`() {
        let off = tracer(ratio: 0).startSpan("off")
        #expect(!off.isRecording)
        let child = tracer(ratio: 1).startSpan("child", context: off.context)
        #expect(!child.isRecording)
        child.end()
        off.end()
        #expect(queue.takeBatch().isEmpty)
    }

    @Test func `a context carries a trace to other services and back`() throws {
        struct Fields: Injector, Extractor {
            func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
                carrier[key] = value
            }
            func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        }
        let span = tracer(ratio: 1).startSpan("span", ofKind: .client)
        var carrier: [String: String] = [:]
        tracer(ratio: 1).inject(span.context, into: &carrier, using: Fields())
        var context = InstrumentationContext.topLevel
        tracer(ratio: 0).extract(carrier, into: &context, using: Fields())
        let child = tracer(ratio: 0).startSpan("child", context: context)
        #expect(child.isRecording && child.traceContext.traceIDLow == span.traceContext.traceIDLow)
    }

    @Test func `a full queue drops, and batches are in order`() {
        for number in 0..<6 {
            let context = TraceContext(traceIDHigh: 0, traceIDLow: 1, spanID: UInt64(number) + 1)
            tracer(ratio: 1).startSpan("\(number)", in: context).end()
        }
        #expect(queue.statistics.droppedCount == 2)
        #expect(queue.takeBatch().map(\.name) == ["0", "1", "2"])
        #expect(queue.takeBatch().map(\.name) == ["3"])
        queue.batchEnded(count: 3, isExported: true)
        queue.batchEnded(count: 1, isExported: false)
        #expect(queue.statistics == SpanQueue.Statistics(exportedCount: 3, droppedCount: 2, failedCount: 1))
    }
}
