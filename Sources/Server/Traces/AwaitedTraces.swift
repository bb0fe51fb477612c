import Chat
import Primitives

/// The traces of changes that this node has written and the broker will report, by message: the node publishes a change
/// when it is reported, and the spans of that are part of the trace. One of each reactor.
struct AwaitedTraces {
    /// Beyond this many, reports were missed: all are forgotten.
    static let countMax = 1_024

    private var traces: [MessageID: TraceContext] = [:]

    var count: Int { traces.count }

    /// A change of the message is about to be written.
    mutating func await(_ message: MessageID, in trace: TraceContext) {
        if traces.count >= Self.countMax { traces.removeAll() }
        traces[message] = trace
    }

    /// The trace of a change that was reported, or that was not written; nil when it has none. It is forgotten.
    mutating func take(_ message: MessageID) -> TraceContext? {
        traces.isEmpty ? nil : traces.removeValue(forKey: message)
    }
}
