import JSON
import Primitives
import Tracing

/// Spans as OTLP's `ExportTraceServiceRequest` in JSON (OTLP specification, JSON Protobuf encoding): identifiers are
/// hexadecimal, integers of 64 bits are texts, enumerations are numbers.
struct OTLPEncoding {
    let serviceName: String
    /// Names this process among others of the service.
    let instanceID: String

    /// The body of a request.
    func body(of spans: [SpanRecord]) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"resourceSpans\":[{\"resource\":{\"attributes\":[")
        writer.attribute("service.name", .string(serviceName))
        writer.raw(",")
        writer.attribute("service.instance.id", .string(instanceID))
        writer.raw("]},\"scopeSpans\":[{\"scope\":{\"name\":\"shopstream\"},\"spans\":")
        writer.array(spans) { $0.span($1) }
        writer.raw("}]}]}")
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func array<Element>(
        _ elements: [Element], _ write: (inout JSONWriter, Element) -> Void
    ) {
        raw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { raw(",") }
            write(&self, element)
        }
        raw("]")
    }

    fileprivate mutating func span(_ span: SpanRecord) {
        raw("{")
        identifiers(span.context)
        if let parentID = span.parentID {
            raw(",\"parentSpanId\":")
            string(HexText.of(parentID))
        }
        raw(",\"name\":")
        string(span.name)
        raw(",\"kind\":")
        number(span.kind.otlpNumber)
        raw(",\"startTimeUnixNano\":")
        string(String(span.startNanoseconds))
        raw(",\"endTimeUnixNano\":")
        string(String(span.endNanoseconds))
        raw(",\"attributes\":")
        attributes(span.attributes)
        raw(",\"events\":")
        array(span.events) { $0.event($1) }
        raw(",\"links\":")
        array(span.links) {
            $0.raw("{")
            $0.identifiers($1)
            $0.raw("}")
        }
        raw(",\"status\":{")
        if let status = span.status {
            raw("\"code\":")
            number(status.code.otlpNumber)
            if let message = status.message {
                raw(",\"message\":")
                string(message)
            }
        }
        raw("}}")
    }

    private mutating func identifiers(_ context: TraceContext) {
        raw("\"traceId\":")
        string(HexText.of(context.traceIDHigh) + HexText.of(context.traceIDLow))
        raw(",\"spanId\":")
        string(HexText.of(context.spanID))
    }

    private mutating func event(_ event: SpanEvent) {
        raw("{\"timeUnixNano\":")
        string(String(event.nanosecondsSinceEpoch))
        raw(",\"name\":")
        string(event.name)
        raw(",\"attributes\":")
        attributes(event.attributes)
        raw("}")
    }

    private mutating func attributes(_ attributes: SpanAttributes) {
        var pairs: [(String, SpanAttribute)] = []
        func take(_ key: String, _ value: SpanAttribute) { pairs.append((key, value)) }
        attributes.forEach(take)
        array(pairs.sorted { $0.0 < $1.0 }) { $0.attribute($1.0, $1.1) }
    }

    fileprivate mutating func attribute(_ key: String, _ value: SpanAttribute) {
        raw("{\"key\":")
        string(key)
        raw(",\"value\":")
        self.value(value)
        raw("}")
    }

    private mutating func value(_ value: SpanAttribute) {
        switch value {
        case .int32(let number): integer(Int64(number))
        case .int64(let number): integer(number)
        case .double(let number): double(number)
        case .bool(let boolean):
            raw("{\"boolValue\":")
            self.boolean(boolean)
            raw("}")
        case .string(let value): text(value)
        case .stringConvertible(let value): text("\(value)")
        case .int32Array(let numbers): values(numbers) { $0.integer(Int64($1)) }
        case .int64Array(let numbers): values(numbers) { $0.integer($1) }
        case .doubleArray(let numbers): values(numbers) { $0.double($1) }
        case .boolArray(let booleans): values(booleans) { $0.value(.bool($1)) }
        case .stringArray(let texts): values(texts) { $0.text($1) }
        case .stringConvertibleArray(let elements): values(elements) { $0.text("\($1)") }
        default: raw("{}")
        }
    }

    private mutating func values<Element>(_ elements: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        raw("{\"arrayValue\":{\"values\":")
        array(elements, write)
        raw("}}")
    }

    private mutating func integer(_ number: Int64) {
        raw("{\"intValue\":")
        string(String(number))
        raw("}")
    }

    /// JSON has no numbers for what is not finite: ProtoJSON writes these as texts.
    private mutating func double(_ number: Double) {
        raw("{\"doubleValue\":")
        if number.isFinite {
            raw(Array("\(number)".utf8))
        } else {
            string(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity")
        }
        raw("}")
    }

    private mutating func text(_ text: String) {
        raw("{\"stringValue\":")
        string(text)
        raw("}")
    }
}

extension SpanKind {
    /// Of the enumeration `SpanKind` in OTLP's `trace.proto`.
    fileprivate var otlpNumber: Int {
        switch self {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}

extension SpanStatus.Code {
    /// Of the enumeration `StatusCode` in OTLP's `trace.proto`.
    fileprivate var otlpNumber: Int {
        switch self {
        case .ok: 1
        case .error: 2
        }
    }
}
