import FoundationEssentials
import JSON
import Primitives
import Testing
import Tracing

@testable import Server

@Suite struct OTLPEncodingTests {
    private let encoding = OTLPEncoding(serviceName: "shop \"a\"", instanceID: "1")

    private func text(_ spans: [SpanRecord]) -> String { String(decoding: encoding.body(of: spans), as: UTF8.self) }

    private func record(_ kind: SpanKind = .internal, parentID: UInt64? = nil) -> SpanRecord {
        SpanRecord(
            context: TraceContext(traceIDHigh: 0x1, traceIDLow: 0xabc, spanID: 0xf), parentID: parentID, name: "name",
            kind: kind, startNanoseconds: 1_544_712_660_000_000_000, endNanoseconds: 1_544_712_661_000_000_000)
    }

    @Test func `a span is written as OTLP's JSON`() {
        var span = record(.server, parentID: 0xe)
        span.attributes["text"] = "a\nb"
        span.attributes["number"] = 9_007_199_254_740_993
        span.attributes["flag"] = true
        span.attributes["list"] = ["x", "y"]
        span.attributes["ratio"] = 0.5
        span.status = SpanStatus(code: .error, message: "full")
        span.links = [TraceContext(traceIDHigh: 2, traceIDLow: 3, spanID: 4)]
        #expect(
            text([span]) == #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":"#
                + #"{"stringValue":"shop \"a\""}},{"key":"service.instance.id","value":{"stringValue":"1"}}]},"#
                + #""scopeSpans":[{"scope":{"name":"shopstream"},"spans":["#
                + #"{"traceId":"00000000000000010000000000000abc","spanId":"000000000000000f","#
                + #""parentSpanId":"000000000000000e","name":"name","kind":2,"#
                + #""startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000","#
                + #""attributes":[{"key":"flag","value":{"boolValue":true}},"#
                + #"{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"x"},{"stringValue":"y"}]}}},"#
                + #"{"key":"number","value":{"intValue":"9007199254740993"}},"#
                + #"{"key":"ratio","value":{"doubleValue":0.5}},"#
                + #"{"key":"text","value":{"stringValue":"a\nb"}}],"events":[],"#
                + #""links":[{"traceId":"00000000000000020000000000000003","spanId":"0000000000000004"}],"#
                + #""status":{"code":2,"message":"full"}}]}]}]}"#)
    }

    @Test(arguments: [
        (SpanKind.internal, 1), (.server, 2), (.client, 3), (.producer, 4), (.consumer, 5),
    ])
    func `a kind is a number`(kind: SpanKind, number: Int) {
        #expect(text([record(kind)]).contains("\"kind\":\(number),"))
    }

    @Test func `what JSON has no number for is a text`() {
        var span = record()
        for (name, value) in [("a", Double.nan), ("b", .infinity), ("c", -.infinity), ("d", 1e300)] {
            span.attributes[name] = value
        }
        let text = text([span])
        for part in ["\"NaN\"", "\"Infinity\"", "\"-Infinity\"", ":1e+300}"] { #expect(text.contains(part)) }
    }

    @Test func `many spans, and events, are JSON`() throws {
        var span = record()
        span.addEvents(["a", "b"])
        let body = Data(encoding.body(of: [span, record(), span]))
        struct Event: Decodable { let name: String }
        struct Span: Decodable { let events: [Event] }
        struct Scope: Decodable { let spans: [Span] }
        struct Resource: Decodable { let scopeSpans: [Scope] }
        struct Body: Decodable { let resourceSpans: [Resource] }
        let spans = try JSONDecoder().decode(Body.self, from: body).resourceSpans[0].scopeSpans[0].spans
        #expect(spans.map { $0.events.map(\.name) } == [["a", "b"], [], ["a", "b"]])
    }
}

extension SpanRecord {
    fileprivate mutating func addEvents(_ names: [String]) {
        for name in names { events.append(SpanEvent(name: name)) }
    }
}
