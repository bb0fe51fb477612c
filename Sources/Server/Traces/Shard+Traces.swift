import API
import HTTP
import HTTPTypes
import Primitives
import Reactor
import Tracing

// The spans of a request: the request itself, from its last byte to the end of its response, the write to the store,
// the publication on the shop's reactor, and the sends. Of requests that are not recorded, nothing is kept.

extension Shard {
    /// Starts a span that is part of another one, on any reactor.
    func startSpan(_ name: String, in trace: TraceContext) -> any Tracing.Span {
        startOwnSpan(name, in: trace)
    }

    func startOwnSpan(_ name: String, in trace: TraceContext) -> OTLPSpan {
        guard let tracer = environment.tracer else { preconditionFailure("a trace has a tracer") }
        return tracer.startSpan(name, in: trace)
    }

    /// Begins the span of a request, if its trace is recorded. Probes have none.
    @inline(never)
    func beginSpan(_ plan: RequestPlan, _ tracer: OTLPTracer) -> OTLPSpan? {
        guard case .matched(let route, _) = plan.match else { return nil }
        switch route {
        case .alive, .ready, .metrics, .adminPage, .adminFigures: return nil
        case .createMessage, .editMessage, .deleteMessage, .listMessages, .paginateMessages, .uploadImage,
            .removeImage, .image, .stream, .streamHealth, .openAPI, .demoPage, .demoSession:
            break
        }
        var parent: TraceParent?
        if let value = plan.head.value(of: .traceParent) { parent = TraceParent(value) }
        return tracer.startRequestSpan(
            "\(plan.head.method.rawValue) \(route)", parent: parent, makeTraceID: { nextRandomPair() })
    }

    /// Describes a request in its span: never with a token, a text or a user.
    func describe(_ request: Request, in span: OTLPSpan) {
        span.updateAttributes { attributes in
            attributes["http.request.method"] = request.head.method.rawValue
            if let route = request.route { attributes["shopstream.route"] = "\(route)" }
            if let shop = shop(of: request) { attributes["shopstream.shop_id"] = Self.limited(shop.text) }
        }
    }

    /// The response of a request begins, or its connection becomes a stream.
    func responseBegan(_ status: HTTPResponse.Status, in span: OTLPSpan) {
        span.updateAttributes { $0["http.response.status_code"] = status.code }
        if status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
    }

    /// The response was sent, or its connection has ended before.
    func endSpan(_ state: HTTPConnection, isSent: Bool) {
        guard let span = state.span.take() else { return }
        if !isSent { span.setStatus(SpanStatus(code: .error, message: "the connection ended before the response")) }
        span.end()
    }

    /// An event was published in a trace: its sends end when the hub has nothing more to send.
    func published(_ span: OTLPSpan, subscriberCount: Int) {
        span.updateAttributes { $0["shopstream.subscribers"] = subscriberCount }
        span.end()
        if subscriberCount > 0 { pendingFlush.sends.append(startOwnSpan("send", in: span.traceContext)) }
    }

    /// The hub has sent all that it can: each stream got its send, unless its socket is full.
    func endSends() {
        for span in pendingFlush.sends { span.end() }
        pendingFlush.sends.removeAll(keepingCapacity: true)
    }
}
