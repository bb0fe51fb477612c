import FoundationEssentials
import Testing

@testable import Server

@Suite struct ConfigurationFileTests {
    /// The texts of a file by variable.
    private static func read(_ text: String) throws(ConfigurationError) -> [String: String] {
        try ConfigurationFile(path: "s.yaml", bytes: Array(text.utf8)).entries.mapValues(\.text)
    }

    private static func refusal(_ text: String) -> String? {
        do throws(ConfigurationError) {
            _ = try read(text)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(
        arguments: [
            ("shopstream_listen: 0.0.0.0:443", ["SHOPSTREAM_LISTEN": "0.0.0.0:443"]),
            ("shopstream_tls_key: k.pem", ["SHOPSTREAM_TLS_KEY": "k.pem"]),
            (
                "shopstream: {tls: {certificate: c.pem, key: k.pem}}",
                ["SHOPSTREAM_TLS_CERTIFICATE": "c.pem", "SHOPSTREAM_TLS_KEY": "k.pem"]
            ),
            (
                "shopstream:\n  listen: '[::]:80'\nshopstream_listen_plain: 127.0.0.1:81",
                ["SHOPSTREAM_LISTEN": "[::]:80", "SHOPSTREAM_LISTEN_PLAIN": "127.0.0.1:81"]
            ),
            ("shopstream_listen:\n  plain: 127.0.0.1:81", ["SHOPSTREAM_LISTEN_PLAIN": "127.0.0.1:81"]),
            ("shopstream: {max: {reads: {per: {user: 3}}}}", ["SHOPSTREAM_MAX_READS_PER_USER": "3"]),
            ("shopstream_max: {reads_per: {user: 3}}", ["SHOPSTREAM_MAX_READS_PER_USER": "3"]),
            ("websocket: {enabled: no}", ["WEBSOCKET_ENABLED": "no"]),
            ("websocket_enabled: true", ["WEBSOCKET_ENABLED": "true"]),
            (
                "websocket:\n  allowed_origins: [https://a, https://b]",
                ["WEBSOCKET_ALLOWED_ORIGINS": "https://a,https://b"]
            ),
            (
                "websocket: {allowed_origins: 'https://a,https://b'}",
                ["WEBSOCKET_ALLOWED_ORIGINS": "https://a,https://b"]
            ),
            ("websocket: {allowed_origins: null}", ["WEBSOCKET_ALLOWED_ORIGINS": "null"]),
            (
                "auth: {jwks_url: https://i/k, jwt: {issuer: i}}",
                ["AUTH_JWKS_URL": "https://i/k", "AUTH_JWT_ISSUER": "i"]
            ),
            ("auth: {jwks_file: k.json}", ["AUTH_JWKS_FILE": "k.json"]),
            ("otel: {service_name: s}", ["OTEL_SERVICE_NAME": "s"]),
            ("otel_service_name: s", ["OTEL_SERVICE_NAME": "s"]), ("auth_jwt_secret: s", ["AUTH_JWT_SECRET": "s"]),
            (
                "auth: {jwt_secret_file: s}\nshopstream_store_file: t",
                ["AUTH_JWT_SECRET_FILE": "s", "SHOPSTREAM_STORE_FILE": "t"]
            ),
            ("shopstream_updated_at_on_create: null", ["SHOPSTREAM_UPDATED_AT_ON_CREATE": "null"]),
            (
                "shopstream: {reactors: &count 2, max_reads_per_user: *count}",
                ["SHOPSTREAM_REACTORS": "2", "SHOPSTREAM_MAX_READS_PER_USER": "2"]
            ),
            ("shopstream_log_level:\nshopstream: {tls: {}, trusted_proxies: []}", [:]),
            ("shopstream:\nauth:\n  jwt:\n", [:]), ("", [:]), ("# nothing\n", [:]), ("---\n", [:]),
        ] as [(String, [String: String])])
    func `keys of a file are variables in lower case, and maps stand for their parts`(
        text: String, expected: [String: String]
    ) throws {
        #expect(try Self.read(text) == expected)
    }

    @Test(arguments: Setting.keys)
    func `every key of a file is one of a variable, and its nearest is itself`(key: String) throws {
        let variable = try #require(Setting.variablesByKey[key])
        #expect(variable.lowercased() == key)
        #expect(Setting.nearestKey(to: key) == key)
        #expect(try Self.read("\(key): x") == [variable: "x"])
    }

    @Test(arguments: [
        ("lisen: x", "s.yaml:1: lisen='…' cannot be used: there is no such setting; the nearest is shopstream_listen"),
        (
            "listen: x",
            "s.yaml:1: listen='…' cannot be used: there is no such setting; the nearest is shopstream_listen"
        ),
        (
            "shopstream: {lisen: x}",
            "s.yaml:1: shopstream.lisen='…' cannot be used: there is no such setting; the nearest is shopstream_listen"
        ),
        (
            "\nwebsocket:\n  alowed_origins: [x]",
            "s.yaml:3: websocket.alowed_origins='…' cannot be used: there is no such setting; the nearest is "
                + "websocket_allowed_origins"
        ),
        (
            "SHOPSTREAM_LISTEN: x",
            "s.yaml:1: SHOPSTREAM_LISTEN='…' cannot be used: there is no such setting; the nearest is shopstream_listen"
        ),
        ("tls: x", "s.yaml:1: tls='…' cannot be used: there is no such setting; the nearest is shopstream_tls_key"),
        (
            "tls: {key: x}",
            "s.yaml:1: tls='…' cannot be used: there is no such setting; the nearest is shopstream_tls_key"
        ),
        (
            "shopstream_tls: x",
            "s.yaml:1: shopstream_tls='…' cannot be used: there is no such setting; the nearest is shopstream_tls_key"
        ),
        (
            "shopstream: {config: x}",
            "s.yaml:1: shopstream.config='…' cannot be used: only the environment and a flag may set it"
        ),
        (
            "shopstream: {tls: {key: a}}\nshopstream_tls_key: b",
            "s.yaml:2: shopstream_tls_key='…' cannot be used: line 1 sets it too, as shopstream.tls.key"
        ),
        (
            "shopstream_log_level: {a: b}",
            "s.yaml:1: shopstream_log_level='…' cannot be used: a single value is expected, not a map"
        ),
        (
            "shopstream_log_level: [a]",
            "s.yaml:1: shopstream_log_level='…' cannot be used: a single value is expected, not a list"
        ),
        (
            "shopstream_trusted_proxies: [[a]]",
            "s.yaml:1: shopstream_trusted_proxies='…' cannot be used: a list of texts is expected"
        ),
        (
            "shopstream_trusted_proxies: {a: b}",
            "s.yaml:1: shopstream_trusted_proxies='…' cannot be used: a list of texts is expected"
        ),
        ("- a", "SHOPSTREAM_CONFIG='s.yaml' cannot be used: line 1: a map of settings is expected"),
        ("listen", "SHOPSTREAM_CONFIG='s.yaml' cannot be used: line 1: a map of settings is expected"),
        ("? [a]\n: b", "SHOPSTREAM_CONFIG='s.yaml' cannot be used: line 1: a key is expected to be text"),
        (
            "shopstream_listen: a\nshopstream_listen: b",
            "SHOPSTREAM_CONFIG='s.yaml' cannot be used: line 1: the map that begins here has shopstream_listen twice"
        ),
    ])
    func `a key that cannot be used is refused in one line`(text: String, line: String) {
        #expect(Self.refusal(text) == line)
    }

    @Test(arguments: [
        ("a: [", "line 2: "), ("a: b: c", "line 1: "), ("shopstream_listen: x\n\tshopstream_store: y", "line 2: "),
        ("a: *b", "line 1: "),
        ("a: 1\n---\nb: 2", "line 2: "), ("a: \u{1}", "control characters"),
        ("a: " + String(repeating: "[", count: 500_000), "line 1: "),
        ("a: " + String(repeating: "{b: ", count: 100_000), "line 1: "),
    ])
    func `a file that is not YAML is refused in one line`(text: String, reason: String) throws {
        let line = try #require(Self.refusal(text))
        #expect(line.hasPrefix("SHOPSTREAM_CONFIG='s.yaml' cannot be used: "))
        #expect(line.contains(reason) && !line.contains("\n") && line.utf8.count < 300, "\(line)")
    }

    @Test func `a parse error does not show the text of the file`() throws {
        let line = try #require(Self.refusal("auth: {jwt_secret: hunter2\nshopstream_listen: [hunter2"))
        #expect(!line.contains("hunter2"))
    }

    @Test func `aliases that multiply are refused before they are followed`() {
        var text = "a: &a0 [x, x]\n"
        for level in 1..<60 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(Self.refusal(text)?.contains("s.yaml:1: a='…'") == true)
    }

    @Test func `the example of Sources/Server/README.md can be used`() throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/Server/README.md")
        let text = try String(decoding: Data(contentsOf: readme), as: UTF8.self)
        let example = try #require(text.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first)
        var texts = try Self.read(String(example))
        #expect(texts.count > 15)
        #expect(texts.removeValue(forKey: "SHOPSTREAM_STORE_FILE") != nil)
        #expect(throws: Never.self) { try ServerConfiguration(environment: texts) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: ConfigurationError.self) { try ConfigurationFile(path: "s", bytes: [0x61, 0x3a, 0x20, 0xff]) }
    }
}
