import Testing

@testable import Server

@Suite struct FetchURLTests {
    @Test(arguments: [
        ("https://issuer.example/keys.json", "issuer.example", 443, "/keys.json", "issuer.example"),
        ("https://issuer.example", "issuer.example", 443, "/", "issuer.example"),
        ("https://issuer.example?a=b#c", "issuer.example", 443, "/?a=b", "issuer.example"),
        ("https://issuer.example:8443/a/b?c=d", "issuer.example", 8_443, "/a/b?c=d", "issuer.example:8443"),
        ("https://[2001:db8::1]/k", "2001:db8::1", 443, "/k", "[2001:db8::1]"),
        ("http://127.0.0.1:8080/k", "127.0.0.1", 8_080, "/k", "127.0.0.1:8080"),
        ("http://localhost/k", "localhost", 80, "/k", "localhost"), ("http://[::1]/k", "::1", 80, "/k", "[::1]"),
    ])
    func `a URL has its parts`(text: String, host: String, port: UInt16, target: String, authority: String) throws {
        let url = try #require(FetchURL(text))
        #expect(url.host == host && url.port == port && url.target == target && url.authority == authority)
        #expect(url.description == text)
    }

    @Test func `http to another machine is a URL where that is allowed`() {
        #expect(FetchURL("http://collector.example:4318", allowsPlain: true)?.port == 4_318)
        #expect(FetchURL("ftp://collector.example", allowsPlain: true) == nil)
    }

    @Test(arguments: [
        "", "issuer.example/keys", "ftp://issuer.example/k", "https://", "https:///k", "https://user@issuer.example/k",
        "https://issuer.example:0/k", "https://issuer.example:x/k", "https://issuer.example:65536/k",
        "https://issuer.example/a b", "https://issuer.example/ä", "http://issuer.example/k", "http://10.0.0.1/k",
        "https://[::1]x/k",
    ])
    func `what is no such URL is refused`(text: String) {
        #expect(FetchURL(text) == nil)
    }
}
