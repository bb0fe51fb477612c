public import HTTP
internal import HTTPTypes

/// The origins whose pages may read responses, and the fields that say so (Fetch standard, section 3.2).
public struct CrossOriginPolicy: Sendable {
    /// Empty allows all.
    public let allowedOrigins: [Origin]

    /// A policy that allows these origins.
    public init(allowedOrigins: [Origin]) { self.allowedOrigins = allowedOrigins }

    /// The fields of every response to a request with an origin …
    private static let varying: FieldLines = [.vary: "Origin"]
    /// … and of those that its page may read: what it may read in addition to what every page may.
    private static let exposing: FieldLines = [
        .accessControlExposeHeaders: "Retry-After, Idempotent-Replayed, X-Request-Id"
    ]
    /// The fields that a page may send in addition to those that every page may (the routes' own, and those of
    /// tracing), and how many seconds a browser may cache the response to a preflight.
    private static let allowing: FieldLines = [
        .accessControlAllowHeaders:
            "Authorization, Content-Type, Idempotency-Key, traceparent, tracestate, baggage, sentry-trace",
        .accessControlMaxAge: "600",
    ]

    /// Whether the value of an `Origin` field is allowed.
    public func isAllowed(_ origin: String) -> Bool {
        if allowedOrigins.isEmpty { return true }
        guard let origin = Origin(origin) else { return false }
        return allowedOrigins.contains(origin)
    }

    /// Adds the fields of every response to a request with this `Origin`. A response that a cache may store varies by
    /// origin even when the request has none: otherwise the cache would serve it to a page that may not read it.
    public func addFields(to fields: inout FieldLines, origin: String?) {
        guard let origin else {
            if !fields.isEmpty, fields[.cacheControl] != nil { fields.append(Self.varying) }
            return
        }
        fields.append(Self.varying)
        guard isAllowed(origin) else { return }
        fields.append(HTTPField(name: .accessControlAllowOrigin, value: origin))
        fields.append(Self.exposing)
    }

    /// Adds the fields of the response to a preflight of this `Origin`, in addition to `addFields` (section 3.2.2).
    public func addPreflightFields(to fields: inout FieldLines, origin: String, methods: String) {
        guard isAllowed(origin) else { return }
        fields.append(HTTPField(name: .accessControlAllowMethods, value: methods))
        fields.append(Self.allowing)
    }
}
