public import HTTPTypes

/// The origins whose pages may read responses, and the fields that say so (Fetch standard, section 3.2).
public struct CrossOriginPolicy: Sendable {
    /// Empty allows all.
    public let allowedOrigins: [Origin]

    /// A policy that allows these origins.
    public init(allowedOrigins: [Origin]) { self.allowedOrigins = allowedOrigins }

    /// Fields that a page may send in addition to those that every page may: the routes' own, and those of tracing.
    private static let requestFields =
        "Authorization, Content-Type, Idempotency-Key, traceparent, tracestate, baggage, sentry-trace"
    /// Fields that a page may read in addition to those that every page may.
    private static let responseFields = "Retry-After, Idempotent-Replayed"
    /// How long a browser may cache the response to a preflight.
    private static let preflightSeconds = "600"

    /// Whether the value of an `Origin` field is allowed.
    public func isAllowed(_ origin: String) -> Bool {
        if allowedOrigins.isEmpty { return true }
        guard let origin = Origin(origin) else { return false }
        return allowedOrigins.contains(origin)
    }

    /// Adds the fields of every response to a request with this `Origin`. A response that a cache may store varies by
    /// origin even when the request has none: otherwise the cache would serve it to a page that may not read it.
    public func addFields(to fields: inout HTTPFields, origin: String?) {
        guard let origin else {
            if fields[.cacheControl] != nil { fields[.vary] = "Origin" }
            return
        }
        fields[.vary] = "Origin"
        guard isAllowed(origin) else { return }
        fields[.accessControlAllowOrigin] = origin
        fields[.accessControlExposeHeaders] = Self.responseFields
    }

    /// Adds the fields of the response to a preflight of this `Origin`, in addition to `addFields` (section 3.2.2).
    public func addPreflightFields(to fields: inout HTTPFields, origin: String, methods: String) {
        guard isAllowed(origin) else { return }
        fields[.accessControlAllowMethods] = methods
        fields[.accessControlAllowHeaders] = Self.requestFields
        fields[.accessControlMaxAge] = Self.preflightSeconds
    }
}
