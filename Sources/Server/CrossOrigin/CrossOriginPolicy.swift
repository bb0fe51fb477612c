import HTTPTypes

/// Which origins' pages may read answers, and the fields that say so (Fetch standard, section 3.2).
struct CrossOriginPolicy: Sendable {
    /// Empty allows all.
    let allowedOrigins: [Origin]

    /// What a page may send beside the fields that every page may: the routes' own, and those of tracing.
    private static let requestFields =
        "Authorization, Content-Type, Idempotency-Key, traceparent, tracestate, baggage, sentry-trace"
    /// What a page may read beside the fields that every page may.
    private static let responseFields = "Retry-After, Idempotent-Replayed"
    /// How long a browser may remember a preflight's answer.
    private static let preflightSeconds = "600"

    /// Whether the value of an `Origin` field is on the list.
    func isAllowed(_ origin: String) -> Bool {
        if allowedOrigins.isEmpty { return true }
        guard let origin = Origin(origin) else { return false }
        return allowedOrigins.contains(origin)
    }

    /// Adds what every answer to a request with this `Origin` carries. An answer that a cache may keep says that it
    /// depends on the origin to requests without one too: the cache would give it to a page that may not read it.
    func addFields(to fields: inout HTTPFields, origin: String?) {
        guard let origin else {
            if fields[.cacheControl] != nil { fields[.vary] = "Origin" }
            return
        }
        fields[.vary] = "Origin"
        guard isAllowed(origin) else { return }
        fields[.accessControlAllowOrigin] = origin
        fields[.accessControlExposeHeaders] = Self.responseFields
    }

    /// Adds what the answer to a preflight of this `Origin` carries beside `addFields` (section 3.2.2).
    func addPreflightFields(to fields: inout HTTPFields, origin: String, methods: String) {
        guard isAllowed(origin) else { return }
        fields[.accessControlAllowMethods] = methods
        fields[.accessControlAllowHeaders] = Self.requestFields
        fields[.accessControlMaxAge] = Self.preflightSeconds
    }
}

extension ServerConfiguration {
    /// The policy that `WEBSOCKET_ALLOWED_ORIGINS` makes.
    var crossOrigin: CrossOriginPolicy { CrossOriginPolicy(allowedOrigins: stream.allowedOrigins) }
}
