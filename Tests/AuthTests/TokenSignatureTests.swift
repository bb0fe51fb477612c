import FoundationEssentials
import Primitives
import Testing

@testable import Auth

/// Which key a token gets, and whether its signature is that key's.
@Suite struct TokenSignatureTests {
    let keys: TestKeys
    let secret: TokenSecret

    init() throws {
        keys = try TestKeys.shared.get()
        secret = try TokenSecret(TestKeys.secretText)
    }

    private func verify(_ token: String, keys: KeySet) throws(AuthError) -> Identity {
        let settings: TokenSettings
        do {
            settings = try TokenSettings(keys: keys)
        } catch {
            Issue.record(error)
            throw .missing
        }
        return try TokenVerifier(settings: settings).verify(token, now: TestToken.now)
    }

    private static func pem(_ der: [UInt8]) -> [UInt8] {
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return Array("-----BEGIN PUBLIC KEY-----\n\(text)\n-----END PUBLIC KEY-----\n".utf8)
    }

    private static func header(_ algorithm: TokenAlgorithm, kid: String?) -> String {
        let kid = kid.map { ",\"kid\":\"\($0)\"" } ?? ""
        return "{\"typ\":\"JWT\",\"alg\":\"\(algorithm.rawValue)\"\(kid)}"
    }

    @Test(arguments: TokenAlgorithm.allCases)
    func `a token of each algorithm is verified by its key`(algorithm: TokenAlgorithm) throws {
        let kid = algorithm == .hs256 ? nil : algorithm.rawValue
        let token = try TestToken.make(header: Self.header(algorithm, kid: kid), signer: keys.signer(for: algorithm))
        let identity = try verify(token, keys: try keys.keySet(secret: secret))
        #expect(identity.userID.text == "user")
    }

    @Test(arguments: [TokenAlgorithm.rs256, .es256, .edDSA])
    func `the only key of a set serves tokens without a kid`(algorithm: TokenAlgorithm) throws {
        let keySet = try keys.keySet(secret: nil, [algorithm])
        let token = try TestToken.make(header: Self.header(algorithm, kid: nil), signer: keys.signer(for: algorithm))
        #expect(try verify(token, keys: keySet).userID.text == "user")
        let unknown = try TestToken.make(header: Self.header(algorithm, kid: "x"), signer: keys.signer(for: algorithm))
        #expect(throws: AuthError.unknownKey) { try verify(unknown, keys: keySet) }
    }

    @Test(arguments: TokenAlgorithm.allCases, TokenAlgorithm.allCases)
    func `the key decides the algorithm, not the token`(named: TokenAlgorithm, signed: TokenAlgorithm) throws {
        let keySet = try keys.keySet(secret: secret)
        for kid in [nil, "RS256", "ES256", "EdDSA"] {
            let header = Self.header(named, kid: kid)
            let token = try TestToken.make(header: header, signer: keys.signer(for: signed))
            let isGenuine = named == signed && (kid ?? "HS256") == named.rawValue
            let error: AuthError = (kid ?? "HS256") == named.rawValue ? .badSignature : .algorithmRefused
            if isGenuine {
                #expect(try verify(token, keys: keySet).userID.text == "user")
            } else {
                #expect(throws: error, "\(header) signed by \(signed)") { try verify(token, keys: keySet) }
            }
        }
    }

    @Test(arguments: [TokenAlgorithm.rs256, .es256, .edDSA])
    func `a public key does not serve as a secret`(algorithm: TokenAlgorithm) throws {
        let publicTexts: [[UInt8]] = [
            Self.pem(try keys.rsa.publicDER()), try keys.rsa.publicDER(), try keys.rsa.number("n"),
            Self.pem(try keys.p256.publicDER()), try keys.p256.point(), try keys.ed25519.point(),
            Array(try keys.jwk(for: algorithm).utf8), [],
        ]
        for text in publicTexts {
            for kid in [nil, algorithm.rawValue, "other"] {
                let token = try TestToken.make(header: Self.header(.hs256, kid: kid), signer: TestKeys.hs256(text))
                for keySet in [
                    try keys.keySet(secret: nil), try keys.keySet(secret: nil, [algorithm]),
                    try keys.keySet(secret: secret),
                ] {
                    #expect(throws: AuthError.self) { try verify(token, keys: keySet) }
                }
            }
        }
    }

    @Test(arguments: ["none", "None", "NONE", "", "HS384", "HS512", "RS384", "PS256", "ES384", "hs256", "HS256 "])
    func `no other algorithm is accepted`(name: String) throws {
        let keySet = try keys.keySet(secret: secret)
        for kid in ["", ",\"kid\":\"RS256\""] {
            let header = "{\"alg\":\"\(name)\"\(kid)}"
            let signed = try TestToken.make(header: header, signer: keys.signer(for: .hs256))
            let unsigned = try TestToken.make(header: header, signer: { _ in [] })
            #expect(throws: AuthError.algorithmRefused) { try verify(signed, keys: keySet) }
            #expect(throws: AuthError.algorithmRefused) { try verify(unsigned, keys: keySet) }
        }
    }

    @Test func `an unknown kid has an error of its own, and HS256 falls back to the secret`() throws {
        let keySet = try keys.keySet(secret: secret)
        let asymmetric = try TestToken.make(
            header: Self.header(.rs256, kid: "other"), signer: keys.signer(for: .rs256))
        #expect(throws: AuthError.unknownKey) { try verify(asymmetric, keys: keySet) }
        let symmetric = try TestToken.make(header: Self.header(.hs256, kid: "other"), signer: keys.signer(for: .hs256))
        #expect(try verify(symmetric, keys: keySet).userID.text == "user")
        #expect(throws: AuthError.algorithmRefused) { try verify(asymmetric, keys: KeySet(secret: secret)) }
        let publicOnly = try keys.keySet(secret: nil)
        let anonymous = try TestToken.hs256()
        #expect(throws: AuthError.unknownKey) { try verify(anonymous, keys: publicOnly) }
    }

    @Test(arguments: [
        #""crit":["exp"]"#, #""crit":["b64"],"b64":false"#, #""crit":[]"#, #""crit":null"#, #""crit":"x""#,
    ])
    func `a token with critical header members is refused`(member: String) throws {
        let token = try TestToken.make(header: "{\"alg\":\"HS256\",\(member)}", signer: keys.signer(for: .hs256))
        #expect(throws: AuthError.unknownCritical) { try verify(token, keys: KeySet(secret: secret)) }
    }

    @Test func `keys in the header of a token are not used`() throws {
        let jwk = try keys.jwk(for: .es256)
        let header = "{\"alg\":\"ES256\",\"jwk\":\(jwk),\"jku\":\"https://example.com/keys\"}"
        let token = try TestToken.make(header: header, signer: keys.signer(for: .es256))
        #expect(throws: AuthError.algorithmRefused) { try verify(token, keys: KeySet(secret: secret)) }
    }

    @Test(arguments: TokenAlgorithm.allCases)
    func `no single changed character passes`(algorithm: TokenAlgorithm) throws {
        let keySet = try keys.keySet(secret: secret)
        let kid = algorithm == .hs256 ? nil : algorithm.rawValue
        let token = try TestToken.make(header: Self.header(algorithm, kid: kid), signer: keys.signer(for: algorithm))
        let bytes = Array(token.utf8)
        for index in bytes.indices {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: AuthError.self, "character \(index)") {
                try verify(String(decoding: changed, as: UTF8.self), keys: keySet)
            }
        }
    }

    @Test(arguments: TokenAlgorithm.allCases)
    func `a signature of the wrong length is bad`(algorithm: TokenAlgorithm) throws {
        let keySet = try keys.keySet(secret: secret)
        let kid = algorithm == .hs256 ? nil : algorithm.rawValue
        let signer = keys.signer(for: algorithm)
        for change: @Sendable ([UInt8]) -> [UInt8] in [
            { _ in [] }, { Array($0.dropLast()) }, { $0 + [0] }, { $0.map { _ in 0 } }, { $0 + $0 },
        ] {
            let token = try TestToken.make(
                header: Self.header(algorithm, kid: kid), signer: { change(try signer($0)) })
            #expect(throws: AuthError.badSignature) { try verify(token, keys: keySet) }
        }
    }
}
