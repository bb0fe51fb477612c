import HTTPTypes
import Primitives

/// Where traces are exported to, and how many (OpenTelemetry's specification of the environment).
struct TraceSettings: Sendable {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, with the path of traces.
    let url: FetchURL
    /// `OTEL_EXPORTER_OTLP_HEADERS`: may contain secrets.
    let fields: HTTPFields
    /// `OTEL_SERVICE_NAME`
    let serviceName: String
    /// `OTEL_TRACES_SAMPLER_ARG`
    let sampler: TraceSampler

    /// Nil without an endpoint.
    init?(_ reader: ConfigurationReader) throws(ConfigurationError) {
        let ratio = reader.value("OTEL_TRACES_SAMPLER_ARG")
        guard let number = Double(ratio), 0...1 ~= number else {
            throw ConfigurationError(
                name: "OTEL_TRACES_SAMPLER_ARG", value: ratio, allowed: "a number from 0 to 1, such as 0.01")
        }
        sampler = TraceSampler(ratio: number)
        serviceName = reader.value("OTEL_SERVICE_NAME")
        fields = try Self.fields(reader.list("OTEL_EXPORTER_OTLP_HEADERS"))
        guard let endpoint = reader.text("OTEL_EXPORTER_OTLP_ENDPOINT") else { return nil }
        let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        guard !base.contains("?"), !base.contains("#"), let url = FetchURL("\(base)/v1/traces", allowsPlain: true)
        else {
            throw ConfigurationError(
                name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: endpoint,
                allowed: "an http or https URL without a query, such as http://127.0.0.1:4318")
        }
        self.url = url
    }

    /// `key=value` pairs, the values percent-encoded. The writer of requests writes some fields itself.
    private static func fields(_ pairs: [String]) throws(ConfigurationError) -> HTTPFields {
        var fields = HTTPFields()
        for pair in pairs {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let name = HTTPField.Name(String(halves[0].trimmingSpaces)),
                ![.contentLength, .transferEncoding, .connection, .contentType].contains(name),
                name.canonicalName != "host", let value = decoded(String(halves[1].trimmingSpaces)),
                HTTPField.isValidValue(value)
            else {
                // The value may be a secret.
                throw ConfigurationError(
                    name: "OTEL_EXPORTER_OTLP_HEADERS", value: "…", allowed: "NAME=VALUE, separated by commas")
            }
            fields.append(HTTPField(name: name, value: value))
        }
        return fields
    }

    private static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Decides which traces are recorded: those that the caller records, and a part of those that begin here
/// (`parentbased_traceidratio`).
struct TraceSampler: Hashable, Sendable {
    /// A trace is recorded when the last 56 bits of its identifier reach this.
    private let threshold: UInt64

    init(ratio: Double) { threshold = UInt64((1 - ratio) * 0x1p56) }

    /// Whether a trace that begins here is recorded. Services with the same ratio decide alike.
    func isSampled(traceIDLow: UInt64) -> Bool { traceIDLow & 0x00ff_ffff_ffff_ffff >= threshold }
}
