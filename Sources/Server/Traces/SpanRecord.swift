import Primitives
import Synchronization
import Tracing

/// A span that has ended, as it is exported.
struct SpanRecord: Sendable {
    let context: TraceContext
    /// The identifier of the span that this one is part of; nil for the first of a trace.
    let parentID: UInt64?
    var name: String
    let kind: SpanKind
    let startNanoseconds: UInt64
    var endNanoseconds: UInt64
    var attributes: SpanAttributes = [:]
    var events: [SpanEvent] = []
    var links: [TraceContext] = []
    var status: SpanStatus?
}

/// A span in the API of swift-distributed-tracing. Any thread.
final class OTLPSpan: Span {
    private struct State {
        var record: SpanRecord
        var hasEnded = false
    }

    let context: InstrumentationContext
    /// The span as others refer to it.
    let traceContext: TraceContext
    private let state: Mutex<State>
    /// Nil when the trace is not recorded.
    private let queue: SpanQueue?

    init(_ record: SpanRecord, context: InstrumentationContext, queue: SpanQueue?) {
        var context = context
        context[TraceKey.self] = queue == nil ? .notRecorded : .recorded(record.context)
        self.context = context
        traceContext = record.context
        state = Mutex(State(record: record))
        self.queue = queue
    }

    var isRecording: Bool { queue != nil && state.withLock { !$0.hasEnded } }

    var operationName: String {
        get { state.withLock { $0.record.name } }
        set { change { $0.name = newValue } }
    }

    var attributes: SpanAttributes {
        get { state.withLock { $0.record.attributes } }
        set { change { $0.attributes = newValue } }
    }

    func setStatus(_ status: SpanStatus) { change { $0.status = status } }

    func addEvent(_ event: SpanEvent) { change { $0.events.append(event) } }

    func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        var attributes = attributes
        // The type alone: a text may name what a client sent.
        attributes["exception.type"] = "\(type(of: error))"
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes))
    }

    func addLink(_ link: SpanLink) {
        guard case .recorded(let linked) = link.context[TraceKey.self] else { return }
        change { $0.links.append(linked) }
    }

    /// Ends the span, once: what follows has no effect.
    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard let queue else { return }
        let end = instant().nanosecondsSinceEpoch
        let record: SpanRecord? = state.withLock { state in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            state.record.endNanoseconds = max(end, state.record.startNanoseconds)
            return state.record
        }
        if let record { queue.append(record) }
    }

    private func change(_ body: (inout SpanRecord) -> Void) {
        guard queue != nil else { return }
        state.withLock { if !$0.hasEnded { body(&$0.record) } }
    }
}

/// What a context says of the trace that its spans are part of; a context without it begins a trace.
enum TraceKey: InstrumentationContextKey {
    enum Value: Sendable, Hashable {
        /// The span that they are part of.
        case recorded(TraceContext)
        case notRecorded
    }
}
