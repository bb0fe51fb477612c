import LoadGenerator
import Testing

@Suite struct TokenSourceTests {
    @Test func `a token equals the one of another implementation`() throws {
        let source = TokenSource(
            secret: Array("integration-secret-of-at-least-32-bytes".utf8), expiresAt: 1_900_000_000)
        let token = try source.token(of: "load-user-1")
        #expect(token == Self.reference)
    }

    /// By Python's hmac and base64, from the claims {"sub":"load-user-1","exp":1900000000} in this order, without spaces.
    private static let reference = [
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        "eyJzdWIiOiJsb2FkLXVzZXItMSIsImV4cCI6MTkwMDAwMDAwMH0",
        "XUhOg2Z56ZP7EiJO0PnzDWx8fNcjG_8ui1-LyH-w6yk",
    ].joined(separator: ".")

    @Test func `tokens of a file are found by their user`() throws {
        let source = try TokenSource(fileText: "ada,aaa.bbb.ccc\ngrace,d\n")
        #expect(try source.token(of: "ada") == "aaa.bbb.ccc")
        #expect(try source.token(of: "grace") == "d")
        #expect(throws: LoadConfigurationError.self) { try source.token(of: "linus") }
    }

    @Test(arguments: ["ada", "ada,", "ada,a b", "ada,a\r"])
    func `a line without a user and a token is refused`(text: String) {
        #expect(throws: LoadConfigurationError.self) { try TokenSource(fileText: text) }
    }

    @Test func `without tokens no user has one`() throws {
        #expect(try TokenSource.none.token(of: "ada") == nil)
    }
}
