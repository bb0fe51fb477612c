import Primitives
import Tracing

/// Starts spans, and queues those that have ended for the exporter. Any thread.
struct OTLPTracer: Tracer {
    let sampler: TraceSampler
    let queue: SpanQueue

    /// Starts a span of the trace that the context names; without one, the first span of a trace that may be recorded.
    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> OTLPSpan {
        let context = context()
        let start = instant().nanosecondsSinceEpoch
        switch context[TraceKey.self] {
        case .recorded(let parent):
            return span(operationName, kind, start, (parent.traceIDHigh, parent.traceIDLow), parent.spanID, context)
        case let decision:
            let traceID = (Self.identifier, Self.identifier)
            let isRecorded = decision == nil && sampler.isSampled(traceIDLow: traceID.1)
            return span(operationName, kind, start, traceID, nil, context, isRecorded: isRecorded)
        }
    }

    /// Starts the first span of this server in a trace; nil, at the cost of a comparison, when the trace is not
    /// recorded.
    ///
    /// - Parameters:
    ///   - parent: The caller's span.
    ///   - makeTraceID: The identifier of a trace that begins here.
    func startRequestSpan(
        _ name: @autoclosure () -> String, parent: TraceParent?, makeTraceID: () -> (UInt64, UInt64)
    ) -> OTLPSpan? {
        let traceID: (UInt64, UInt64)
        if let parent {
            guard parent.isSampled else { return nil }
            traceID = (parent.context.traceIDHigh, parent.context.traceIDLow)
        } else {
            traceID = makeTraceID()
            guard sampler.isSampled(traceIDLow: traceID.1), traceID != (0, 0) else { return nil }
        }
        let start = DefaultTracerClock.now.nanosecondsSinceEpoch
        return span(name(), .server, start, traceID, parent?.context.spanID, .topLevel)
    }

    /// Starts a span that is part of another one.
    func startSpan(_ name: String, in parent: TraceContext) -> OTLPSpan {
        let start = DefaultTracerClock.now.nanosecondsSinceEpoch
        return span(name, .internal, start, (parent.traceIDHigh, parent.traceIDLow), parent.spanID, .topLevel)
    }

    private func span(
        _ name: String, _ kind: SpanKind, _ start: UInt64, _ traceID: (UInt64, UInt64), _ parentID: UInt64?,
        _ context: InstrumentationContext, isRecorded: Bool = true
    ) -> OTLPSpan {
        let own = TraceContext(traceIDHigh: traceID.0, traceIDLow: traceID.1, spanID: Self.identifier)
        let record = SpanRecord(
            context: own, parentID: parentID, name: name, kind: kind, startNanoseconds: start, endNanoseconds: start)
        return OTLPSpan(record, context: context, queue: isRecorded ? queue : nil)
    }

    private static var identifier: UInt64 { .random(in: 1 ... .max) }

    /// The exporter's thread sends by itself.
    func forceFlush() {}

    func activeSpan(identifiedBy context: InstrumentationContext) -> OTLPSpan? { nil }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let value = extractor.extract(key: "traceparent", from: carrier) else { return }
        let utf8 = value.utf8
        guard let parent = TraceParent(utf8.span) else { return }
        context[TraceKey.self] = parent.isSampled ? .recorded(parent.context) : .notRecorded
    }

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard case .recorded(let own) = context[TraceKey.self] else { return }
        let text = "00-\(HexText.of(own.traceIDHigh))\(HexText.of(own.traceIDLow))-\(HexText.of(own.spanID))-01"
        injector.inject(text, forKey: "traceparent", into: &carrier)
    }
}

/// Numbers as hexadecimal text.
enum HexText {
    /// 16 lower-case digits.
    static func of(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
