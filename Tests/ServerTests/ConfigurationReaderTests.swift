import API
import Auth
import Chat
import Primitives
import Reactor
import Sessions
import Storage
import Testing

@testable import Server

@Suite struct ConfigurationReaderTests {
    private static func read(_ environment: [String: String]) throws -> ServerConfiguration {
        try ServerConfiguration(environment: environment)
    }

    private static func refusedName(_ environment: [String: String]) -> String? {
        do throws(ConfigurationError) {
            _ = try ServerConfiguration(environment: environment)
            return nil
        } catch {
            return error.name
        }
    }

    @Test func `an empty environment gives the documented defaults`() throws {
        let configuration = try Self.read([:])
        #expect(configuration.listen.port == 8_080)
        #expect(configuration.mode == .development)
        #expect(configuration.logLevel == "info")
        #expect(!configuration.isDemo && !configuration.isTakeover && !configuration.pinsReactors)
        #expect(configuration.connectionsPerAddressMax == 0)
        #expect(configuration.userLimits == UserLimitSettings())
        #expect(configuration.textByteCountMax == 16_384)
        #expect(configuration.stream.isEnabled)
        #expect(configuration.stream.pingPeriod == .seconds(54))
        #expect(configuration.stream.pongWait == .seconds(60))
        #expect(configuration.stream.writeWait == .seconds(10))
        #expect(configuration.stream.connectionsPerUserMax == 5)
        #expect(configuration.stream.attemptsPerMinuteMax == 10)
        #expect(configuration.stream.overLimit == .refuse)
        #expect(configuration.stream.messageByteCountMax == 524_288)
        #expect(configuration.stream.waitingMessageCountMax == 256)
        #expect(configuration.messageFormat == MessageFormat())
        #expect(configuration.routePrefixes.paths == ["/api/v1"])
    }

    @Test func `the secret of the live view is none by default, and refused when clients could not send it`() throws {
        #expect(try Self.read([:]).adminSecret == nil)
        let secret = try #require(try Self.read(["SHOPSTREAM_ADMIN_SECRET": "0123456789abcdef"]).adminSecret)
        let isSecret = secret.isEqual(to: Array("0123456789abcdef".utf8).span)
        #expect(isSecret)
        for text in ["0123456789abcde", "0123456789 abcdef", "0123456789abcdéf", String(repeating: "x", count: 257)] {
            #expect(Self.refusedName(["SHOPSTREAM_ADMIN_SECRET": text]) == "SHOPSTREAM_ADMIN_SECRET")
        }
        do throws(ConfigurationError) {
            _ = try ServerConfiguration(environment: ["SHOPSTREAM_ADMIN_SECRET": "hunter2"])
        } catch {
            #expect(!error.description.contains("hunter2"))
        }
    }

    @Test func `the limits of a user are read, and 0 is no limit`() throws {
        let configuration = try Self.read([
            "SHOPSTREAM_MAX_READS_PER_USER": "3", "SHOPSTREAM_MAX_UPLOADS_PER_USER": "1",
            "SHOPSTREAM_WRITES_PER_SECOND": "0", "SHOPSTREAM_WRITES_BURST": "7",
            "SHOPSTREAM_UPLOAD_BYTES_PER_HOUR": "1000",
        ])
        #expect(configuration.userLimits.readCountMax == 3)
        #expect(configuration.userLimits.uploadCountMax == 1)
        #expect(configuration.userLimits.writesPerSecond == 0)
        #expect(configuration.userLimits.writeCountBurst == 7)
        #expect(configuration.userLimits.uploadBytesPerHour == 1_000)
    }

    @Test func `production mode with keys from a file requires an issuer and an audience`() {
        var environment = [
            "SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example",
            "AUTH_JWKS_FILE": "keys.json",
        ]
        #expect(Self.refusedName(environment) == "AUTH_JWT_ISSUER")
        environment["AUTH_JWT_ISSUER"] = "https://securetoken.google.com/project"
        #expect(Self.refusedName(environment) == "AUTH_JWT_AUDIENCE")
        environment["AUTH_JWT_AUDIENCE"] = "project"
        #expect(Self.refusedName(environment) == nil)
        #expect(Self.refusedName(["AUTH_JWKS_FILE": "keys.json"]) == nil, "development does not")
    }

    @Test func `an empty value counts as none`() throws {
        let configuration = try Self.read(["SHOPSTREAM_LISTEN": "", "WEBSOCKET_ENABLED": "", "SHOPSTREAM_DEMO": ""])
        #expect(configuration.listen.port == 8_080)
        #expect(configuration.stream.isEnabled && !configuration.isDemo)
    }

    @Test(arguments: [
        ("true", true), ("TRUE", true), ("1", true), ("yes", true), ("On", true), ("false", false), ("0", false),
        ("No", false), ("off", false),
    ])
    func `a flag has several spellings`(text: String, value: Bool) throws {
        #expect(try Self.read(["WEBSOCKET_ENABLED": text]).stream.isEnabled == value)
    }

    @Test(arguments: [
        ("WEBSOCKET_ENABLED", "perhaps"), ("SHOPSTREAM_DEMO", " true"), ("SHOPSTREAM_LISTEN", "example.com:8080"),
        ("SHOPSTREAM_LISTEN", "127.0.0.1"), ("SHOPSTREAM_LISTEN", "127.0.0.1:65536"), ("SHOPSTREAM_REACTORS", "0"),
        ("SHOPSTREAM_REACTORS", "257"), ("SHOPSTREAM_REACTORS", "two"), ("SHOPSTREAM_REACTORS", "1.5"),
        ("AUTH_JWKS_URL", "http://keys.example/jwks.json"), ("AUTH_JWKS_URL", "ftp://keys.example/jwks.json"),
        ("SHOPSTREAM_STORE", "postgres"), ("SHOPSTREAM_LOG_LEVEL", "loud"), ("SHOPSTREAM_MODE", "test"),
        ("SHOPSTREAM_MAX_READS_PER_USER", "-1"), ("SHOPSTREAM_MAX_UPLOADS_PER_USER", "65536"),
        ("SHOPSTREAM_WRITES_PER_SECOND", "1000001"), ("SHOPSTREAM_WRITES_BURST", "x"),
        ("SHOPSTREAM_UPLOAD_BYTES_PER_HOUR", "-1"),
        ("SHOPSTREAM_METRICS_LISTEN", "metrics:9090"),
        ("SHOPSTREAM_IMAGE_URLS", "open"), ("SHOPSTREAM_LIST_MAX_MESSAGES", "10001"),
        ("SHOPSTREAM_MAX_TEXT_BYTES", "-1"),
        ("SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR", "511"), ("SHOPSTREAM_TRUSTED_PROXIES", "10.0.0.1,proxy"),
        ("SHOPSTREAM_TRUSTED_PROXIES", "10.0.0.0/33"), ("SHOPSTREAM_AUTHOR_KEY", "name"),
        ("SHOPSTREAM_UPDATED_AT_ON_CREATE", "created_at"), ("SHOPSTREAM_ROUTE_PREFIXES", "api"),
        ("WEBSOCKET_PONG_WAIT_SECONDS", "54"), ("WEBSOCKET_PING_PERIOD_SECONDS", "0"),
        ("WEBSOCKET_WRITE_WAIT_SECONDS", "99999999999999999999"), ("WEBSOCKET_MAX_CONNECTIONS_PER_USER", "65536"),
        ("WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE", "256"), ("WEBSOCKET_OVER_LIMIT", "drop"),
        ("WEBSOCKET_SEND_BUFFER_MESSAGES", "0"),
        ("WEBSOCKET_READ_BUFFER_SIZE", "65537"), ("WEBSOCKET_WRITE_BUFFER_SIZE", "x"),
    ])
    func `a value out of its bounds is refused under its name`(name: String, value: String) {
        let blamed = name == "WEBSOCKET_PONG_WAIT_SECONDS" ? "WEBSOCKET_PING_PERIOD_SECONDS" : name
        #expect(Self.refusedName([name: value]) == blamed)
    }

    @Test func `origins and proxies are lists with room for spaces`() throws {
        let configuration = try Self.read([
            "WEBSOCKET_ALLOWED_ORIGINS":
                " https://A.example:443 ,, http://localhost:3000\t,capacitor://localhost, null",
            "SHOPSTREAM_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        ])
        let origins = ["https://a.example", "http://localhost:3000", "capacitor://localhost", "null"]
        #expect(configuration.stream.allowedOrigins.map(\.text) == origins)
        #expect(configuration.trustedProxies.contains(try #require(PeerAddress("10.255.0.1"))))
        #expect(configuration.trustedProxies.contains(try #require(PeerAddress("::1"))))
        #expect(!configuration.trustedProxies.contains(try #require(PeerAddress("11.0.0.1"))))
    }

    @Test(arguments: ["*", "a.example", "https://", "https://a.example/", "https://*.example", "https://a.example:x"])
    func `an origin that no client sends is refused`(origin: String) {
        #expect(Self.refusedName(["WEBSOCKET_ALLOWED_ORIGINS": origin]) == "WEBSOCKET_ALLOWED_ORIGINS")
    }

    @Test func `the form of messages and the prefixes of routes can be an existing backend's`() throws {
        let configuration = try Self.read([
            "WEBSOCKET_INCLUDE_USERNAME": "true", "SHOPSTREAM_AUTHOR_KEY": "author_username",
            "SHOPSTREAM_UPDATED_AT_ON_CREATE": "created", "SHOPSTREAM_ROUTE_PREFIXES": "/api/v1/auth, /api/v1/",
        ])
        #expect(configuration.messageFormat.includesUsername)
        #expect(configuration.messageFormat.authorKey == .authorUsername)
        #expect(configuration.messageFormat.updatedAtOnCreate == .created)
        #expect(configuration.routePrefixes.paths == ["/api/v1/auth", "/api/v1"])
    }

    @Test func `production demands origins for streams and has no demo`() throws {
        let production = ["SHOPSTREAM_MODE": "production"]
        #expect(Self.refusedName(production) == "WEBSOCKET_ALLOWED_ORIGINS")
        let named = production.merging(["WEBSOCKET_ALLOWED_ORIGINS": "https://a.example"]) { $1 }
        #expect(try Self.read(named).mode == .production)
        #expect(try Self.read(production.merging(["WEBSOCKET_ENABLED": "false"]) { $1 }).mode == .production)
        #expect(Self.refusedName(named.merging(["SHOPSTREAM_DEMO": "1"]) { $1 }) == "SHOPSTREAM_DEMO")
    }

    @Test func `a receive buffer is a page at least, whatever the old setting says`() throws {
        #expect(try Self.read(["WEBSOCKET_READ_BUFFER_SIZE": "1"]).stream.receiveBufferByteCount == 4_096)
        #expect(try Self.read(["WEBSOCKET_READ_BUFFER_SIZE": "8192"]).stream.receiveBufferByteCount == 8_192)
    }

    @Test func `an error says what is wrong and what is allowed`() {
        let wrong = ConfigurationError(name: "A", value: "b", allowed: "c")
        let missing = ConfigurationError(name: "A", value: nil, allowed: "c")
        #expect(wrong.description == "A='b' cannot be used: c")
        #expect(missing.description == "A is missing: c")
    }

    @Test func `the metrics listener has an address of its own`() throws {
        let configuration = try ServerConfiguration(environment: ["SHOPSTREAM_METRICS_LISTEN": "[::1]:9090"])
        #expect(configuration.metricsListen == ListenAddress("[::1]:9090"))
        #expect(try ServerConfiguration(environment: [:]).metricsListen == nil)
        #expect(throws: Never.self) {
            try ServerConfiguration(
                environment: ["SHOPSTREAM_LISTEN": "127.0.0.1:0", "SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:0"])
        }
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1:8080"), ("127.0.0.1:8080", "localhost:8080"), ("0.0.0.0:8080", "127.0.0.1:8080"),
        ("[::1]:8080", "[::]:8080"),
    ])
    func `the public address is refused for the metrics listener`(main: String, metrics: String) {
        do throws(ConfigurationError) {
            _ = try ServerConfiguration(
                environment: ["SHOPSTREAM_LISTEN": main, "SHOPSTREAM_METRICS_LISTEN": metrics])
            Issue.record("accepted")
        } catch {
            #expect(error.name == "SHOPSTREAM_METRICS_LISTEN")
            #expect(error.description.contains("SHOPSTREAM_LISTEN's"))
        }
    }
}
