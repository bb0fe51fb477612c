import Primitives
import Reactor
import Testing

@testable import LoadGenerator

@Suite struct TargetURLTests {
    private static let loopback = PeerAddress(ipv4: 0x7f00_0001)

    @Test func `the scheme says whether connections use TLS, and gives the port that is missing`() throws {
        let plain = try TargetURL("http://127.0.0.1")
        #expect(!plain.isSecure)
        #expect(plain.address == SocketAddress(Self.loopback, port: 80))
        let secure = try TargetURL("https://127.0.0.1")
        #expect(secure.isSecure)
        #expect(secure.address == SocketAddress(Self.loopback, port: 443))
        #expect(try TargetURL("https://127.0.0.1:8443").address.port == 8_443)
    }

    @Test(arguments: [
        ("https://localhost:8443/path", "localhost:8443", "localhost"),
        ("https://127.0.0.1:8443", "127.0.0.1:8443", "127.0.0.1"),
        ("https://localhost", "localhost", "localhost"),
        ("https://[::1]:8443", "[::1]:8443", "::1"),
        ("https://[::1]", "[::1]", "::1"),
    ]) func `the authority has the port, and the server's name has not`(
        url: String, authority: String, serverName: String
    ) throws {
        let target = try TargetURL(url)
        #expect(target.authority == authority)
        #expect(target.serverName == serverName)
        #expect(target.address.host.isLoopback)
    }

    @Test(arguments: [
        "", "127.0.0.1:80", "ftp://127.0.0.1", "https:127.0.0.1", "wss://127.0.0.1", "http://", "http://:80",
        "http://*:80", "http://example.org", "https://127.0.0.1:0", "https://127.0.0.1:65536", "https://[::1:80",
    ]) func `a URL without a scheme, an address or a port that can be used is refused`(url: String) {
        #expect(throws: LoadConfigurationError.self) { try TargetURL(url) }
    }
}

@Suite struct TLSSettingsTests {
    @Test func `a certificate is verified, except of a server on loopback without a file of authorities`() throws {
        let near = try TLSSettings(target: TargetURL("https://localhost:8443"), authoritiesPath: nil)
        #expect(!near.isVerified)
        #expect(near.serverName == "localhost")
        let far = try TLSSettings(target: TargetURL("https://192.0.2.1"), authoritiesPath: nil)
        #expect(far.isVerified)
    }

    @Test func `a file without authorities is refused`() throws {
        let target = try TargetURL("https://localhost:8443")
        #expect(throws: LoadConfigurationError.self) {
            try TLSSettings(target: target, authoritiesPath: "/dev/null")
        }
    }
}
