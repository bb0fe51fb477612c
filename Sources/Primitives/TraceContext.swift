/// A span of a trace that is recorded, as other spans refer to it (W3C Trace Context, section 3.2.2).
public struct TraceContext: Hashable, Sendable {
    /// The first 8 bytes of the trace's identifier.
    public let traceIDHigh: UInt64
    /// The last 8 bytes of the trace's identifier.
    public let traceIDLow: UInt64
    /// The span's identifier.
    public let spanID: UInt64

    /// Names a span. Neither identifier is 0.
    public init(traceIDHigh: UInt64, traceIDLow: UInt64, spanID: UInt64) {
        self.traceIDHigh = traceIDHigh
        self.traceIDLow = traceIDLow
        self.spanID = spanID
    }
}
