import HTTP
import HTTPTypes
import Testing

@testable import API

@Suite struct OriginTests {
    @Test(arguments: [
        ("https://a.example", "https://a.example"), ("HTTPS://A.Example", "https://a.example"),
        ("https://a.example:443", "https://a.example"), ("https://a.example:00443", "https://a.example"),
        ("http://a.example:80", "http://a.example"), ("ws://a.example:80", "ws://a.example"),
        ("wss://a.example:443", "wss://a.example"), ("http://a.example:443", "http://a.example:443"),
        ("https://a.example:8443", "https://a.example:8443"), ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"), ("capacitor://localhost", "capacitor://localhost"),
        ("tauri://localhost", "tauri://localhost"), ("ionic://localhost:80", "ionic://localhost:80"),
        ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
        ("moz-extension://b3f0-11", "moz-extension://b3f0-11"), ("file://", "file://"), ("null", "null"),
    ])
    func `an origin is compared in one spelling`(text: String, spelling: String) {
        #expect(Origin(text)?.text == spelling)
    }

    @Test(arguments: [
        "", "*", "a.example", "https:", "https:/", "https://", "https:///", "https://a.example/", "https://a.example/x",
        "https://a.example?x", "https://u@a.example", "https://*.a.example", "https://a.example:",
        "https://a.example:x",
        "https://a.example:65536", "https://a.example:443:443", "https://[::1", "https://[]", "https://[::1]x",
        "https://a.example https://b.example", "https://a.example, https://b.example", " https://a.example", "1a://b",
        "://a", "https://ä.example", "https://a.example\u{301}", "https://:443", "null ", "nul\u{6c}\u{301}",
    ])
    func `a text that is not a serialised origin is refused`(text: String) { #expect(Origin(text) == nil) }

    // MARK: - Policy

    private static let policy = CrossOriginPolicy(
        allowedOrigins: ["https://app.example:443", "capacitor://localhost"].compactMap(Origin.init))

    @Test(arguments: [
        ("https://app.example", true), ("https://APP.example:443", true), ("capacitor://localhost", true),
        ("https://app.example:8443", false), ("http://app.example", false), ("https://app.example.evil", false),
        ("null", false), ("", false),
    ])
    func `an origin on the list is accepted, and no other`(origin: String, isAllowed: Bool) {
        #expect(Self.policy.isAllowed(origin) == isAllowed)
        var fields: FieldLines = [:]
        Self.policy.addFields(to: &fields, origin: origin)
        #expect(fields[.vary] == "Origin")
        #expect(fields[.accessControlAllowOrigin] == (isAllowed ? origin : nil))
        let exposed = "Retry-After, Idempotent-Replayed, X-Request-Id"
        #expect(fields[.accessControlExposeHeaders] == (isAllowed ? exposed : nil))
    }

    @Test func `an empty list accepts every origin`() {
        let open = CrossOriginPolicy(allowedOrigins: [])
        #expect(open.isAllowed("https://a.example") && open.isAllowed("x"))
    }

    @Test func `a response varies by origin, also for requests without one`() {
        var (kept, passing): (FieldLines, FieldLines) = ([.cacheControl: "private"], [:])
        Self.policy.addFields(to: &kept, origin: nil)
        Self.policy.addFields(to: &passing, origin: nil)
        #expect(kept[.vary] == "Origin" && kept[.accessControlAllowOrigin] == nil)
        #expect(passing.isEmpty)
    }

    @Test func `a preflight allows the routes' fields and those of tracing, to origins on the list`() {
        var (good, bad): (FieldLines, FieldLines) = ([:], [:])
        Self.policy.addPreflightFields(to: &good, origin: "capacitor://localhost", methods: "GET, POST")
        Self.policy.addPreflightFields(to: &bad, origin: "https://evil.example", methods: "GET, POST")
        #expect(good[.accessControlAllowMethods] == "GET, POST")
        #expect(
            good[.accessControlAllowHeaders]
                == "Authorization, Content-Type, Idempotency-Key, traceparent, tracestate, baggage, sentry-trace")
        #expect(bad.isEmpty)
    }
}
