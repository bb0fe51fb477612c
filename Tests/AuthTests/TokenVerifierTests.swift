import Primitives
import Testing

@testable import Auth

/// The verifier's memory, and its settings.
@Suite struct TokenVerifierTests {
    static func at(_ seconds: Int64) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: (TestToken.nowSeconds + seconds) * 1_000_000)
    }

    static func token(_ user: String, expiresIn seconds: Int64 = 600) throws -> String {
        try TestToken.hs256(#"{"sub":"\#(user)","exp":\#(TestToken.nowSeconds + seconds)}"#)
    }

    @Test func `a verified token is remembered until it expires`() throws {
        let verifier = try TestToken.verifier(leeway: .seconds(10))
        let token = try Self.token("user", expiresIn: 60)
        let first = try verifier.verify(token, now: Self.at(0))
        #expect(try verifier.verify(token, now: Self.at(69)) == first)
        #expect(verifier.cacheStatistics.hitCount == 1)
        #expect(throws: AuthError.expired) { try verifier.verify(token, now: Self.at(70)) }
        #expect(verifier.cachedTokenCount == 0)
    }

    @Test func `a refused token is not remembered`() throws {
        let verifier = try TestToken.verifier()
        let token = try Self.token("user", expiresIn: -60)
        for _ in 0..<2 { #expect(throws: AuthError.expired) { try verifier.verify(token, now: Self.at(0)) } }
        #expect(verifier.cachedTokenCount == 0)
    }

    @Test func `memory is bounded, and an evicted token is verified again`() throws {
        let verifier = try TestToken.verifier(cachedTokenCountMax: 4)
        let tokens = try (0..<20).map { try Self.token("u\($0)") }
        for _ in 0..<3 {
            for (index, token) in tokens.enumerated() {
                #expect(try verifier.verify(token, now: Self.at(0)).userID.text == "u\(index)")
                #expect(verifier.cachedTokenCount <= 4)
            }
        }
        #expect(verifier.cacheStatistics.evictionCount > 0)
    }

    @Test func `expired tokens leave with the timer`() throws {
        let verifier = try TestToken.verifier(leeway: .zero)
        for index in 0..<10 { _ = try verifier.verify(try Self.token("u\(index)", expiresIn: 10), now: Self.at(0)) }
        _ = try verifier.verify(try Self.token("stays"), now: Self.at(0))
        verifier.removeExpired(now: Self.at(10), countMax: 5)
        #expect(verifier.cachedTokenCount == 6)
        verifier.removeExpired(now: Self.at(10))
        #expect(verifier.cachedTokenCount == 1)
    }

    @Test func `a change of keys evicts the tokens that the old ones verified`() throws {
        let verifier = try TestToken.verifier()
        let token = try Self.token("user")
        _ = try verifier.verify(token, now: Self.at(0))
        verifier.replaceKeys(KeySet(secret: try TokenSecret("another")))
        #expect(throws: AuthError.badSignature) { try verifier.verify(token, now: Self.at(0)) }
    }

    @Test(arguments: [Duration.seconds(-1), .milliseconds(60_001), .seconds(3600)])
    func `a leeway out of range is refused`(leeway: Duration) throws {
        let keys = KeySet(secret: try TokenSecret("s"))
        #expect(throws: AuthConfigurationError.leewayOutOfRange) { try TokenSettings(keys: keys, leeway: leeway) }
    }

    @Test func `an empty expectation is refused`() throws {
        let keys = KeySet(secret: try TokenSecret("s"))
        #expect(throws: AuthConfigurationError.emptyExpectation) { try TokenSettings(keys: keys, issuer: "") }
        #expect(throws: AuthConfigurationError.emptyExpectation) { try TokenSettings(keys: keys, audience: "") }
    }
}

@Suite struct TokenMinterTests {
    @Test func `a minted token is verified`() throws {
        let secret = try TokenSecret(TestKeys.secretText)
        let minter = TokenMinter(secret: secret, issuer: "i", audience: "a")
        let token = try minter.mint(
            userID: UserID("u/\"é"), name: "Zoë \"Z\"", timeToLive: .seconds(60), now: TestToken.now)
        let verifier = try TestToken.verifier(issuer: "i", audience: "a", leeway: .zero)
        let identity = try verifier.verify(token, now: TestToken.now)
        #expect(identity.userID == UserID("u/\"é"))
        #expect(identity.name == "Zoë \"Z\"")
        #expect(identity.expiresAt == TokenVerifierTests.at(60))
    }

    @Test(arguments: [Duration.seconds(-5), .zero, .milliseconds(1500)])
    func `a token lives a second at least`(timeToLive: Duration) throws {
        let minter = TokenMinter(secret: try TokenSecret(TestKeys.secretText))
        let token = try minter.mint(userID: UserID("u"), timeToLive: timeToLive, now: TestToken.now)
        let verifier = try TestToken.verifier(leeway: .zero)
        #expect(try verifier.verify(token, now: TestToken.now).expiresAt == TokenVerifierTests.at(1))
    }

    @Test func `an endless time to live ends with the last date`() throws {
        let minter = TokenMinter(secret: try TokenSecret(TestKeys.secretText))
        let token = try minter.mint(userID: UserID("u"), timeToLive: .seconds(Int64.max), now: TestToken.now)
        let expiresAt = try TestToken.verifier(leeway: .zero).verify(token, now: TestToken.now).expiresAt
        #expect(expiresAt.microsecondsSinceEpoch / 1_000_000 == Timestamp.latest.microsecondsSinceEpoch / 1_000_000)
    }

    @Test(arguments: ["", "a\nb", String(repeating: "x", count: 129)])
    func `an identifier that no user can have is not minted`(text: String) throws {
        let minter = TokenMinter(secret: try TokenSecret(TestKeys.secretText))
        #expect(throws: AuthError.invalidClaim) {
            try minter.mint(userID: UserID(text), timeToLive: .seconds(60), now: TestToken.now)
        }
    }
}

@Suite struct TokenSecretTests {
    @Test func `production wants thirty-two bytes`() throws {
        try TokenSecret(String(repeating: "x", count: 32)).requireProductionStrength()
        #expect(throws: AuthConfigurationError.secretTooShort(byteCount: 31, byteCountMin: 32)) {
            try TokenSecret(String(repeating: "x", count: 31)).requireProductionStrength()
        }
        #expect(throws: AuthConfigurationError.secretEmpty) { try TokenSecret("") }
    }

    @Test func `a secret shows its length alone`() throws {
        let secret = try TokenSecret("hunter2hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!text.contains("hunter") && text.contains("14"))
        }
    }
}

@Suite struct AuthErrorTests {
    @Test func `each kind has its own code and label`() {
        let kinds = AuthError.allCases
        #expect(Set(kinds.map(\.code)).count == kinds.count)
        #expect(Set(kinds.map(\.metricLabel)).count == kinds.count)
        for kind in kinds {
            #expect(kind.httpStatus == 401)
            #expect(kind.code == "token_\(kind.metricLabel)")
        }
    }

    @Test func `only a received token is called invalid`() {
        #expect(AuthError.missing.challenge == "Bearer")
        #expect(AuthError.expired.challenge == "Bearer error=\"invalid_token\"")
    }
}
