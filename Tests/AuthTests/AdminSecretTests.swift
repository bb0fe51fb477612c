import Testing

@testable import Auth

@Suite struct AdminSecretTests {
    private static let text = "0123456789abcdef"

    @Test(arguments: [
        "", "0123456789abcde", String(repeating: "x", count: 257), "0123456789abcde ", "0123456789abcde\u{e9}",
    ])
    func `a text that is too short or long, or not visible ASCII, is no secret`(text: String) {
        #expect(AdminSecret(text) == nil)
    }

    private func isEqual(_ secret: AdminSecret, _ text: String) -> Bool {
        secret.isEqual(to: Array(text.utf8).span)
    }

    @Test func `only the text itself is the secret`() throws {
        let secret = try #require(AdminSecret(Self.text))
        let longest = String(repeating: "~", count: 256)
        let isLongestEqual = isEqual(try #require(AdminSecret(longest)), longest)
        #expect(isEqual(secret, Self.text) && isLongestEqual)
        var others = ["", "0", Self.text + "0", Self.text + "\u{0}", String(Self.text.dropLast()), longest + "~"]
        others.append(Self.text.uppercased())
        others += Self.text.indices.map { Self.text.replacingCharacters(at: $0) }
        for other in others { #expect(!isEqual(secret, other), "\(other)") }
    }

    @Test func `neither print nor a dump shows the secret`() throws {
        let secret = try #require(AdminSecret(Self.text))
        var dumped = ""
        dump(secret, to: &dumped)
        for shown in ["\(secret)", String(reflecting: secret), dumped] { #expect(!shown.contains("0123")) }
    }
}

extension String {
    /// The same with another character at an index.
    fileprivate func replacingCharacters(at index: Index) -> String {
        String(self[..<index]) + "x" + String(self[self.index(after: index)...])
    }
}
