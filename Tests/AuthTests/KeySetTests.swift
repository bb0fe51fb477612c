import FoundationEssentials
import Primitives
import Testing

@testable import Auth

@Suite struct KeySetTests {
    let keys: TestKeys

    init() throws { keys = try TestKeys.shared.get() }

    private func load(_ jwks: [String]) throws -> KeySet {
        try KeySet(secret: nil, jwks: Array("{\"keys\":[\(jwks.joined(separator: ","))]}".utf8))
    }

    @Test func `keys for other purposes are ignored`() throws {
        let keySet = try load([
            try keys.jwk(for: .hs256), try keys.jwk(for: .rs256, extra: #","use":"enc""#),
            try keys.jwk(for: .rs256, extra: #","alg":"RS512""#),
            try keys.jwk(for: .rs256, extra: #","alg":"RSA-OAEP-256""#),
            try keys.jwk(for: .es256, extra: #","key_ops":["sign"]"#),
            #"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#, #"{"kty":"OKP","crv":"X25519","x":"AA"}"#,
            #"{"kty":"AKP","alg":"ML-DSA-65","pub":"AA"}"#,
            try keys.jwk(for: .edDSA, extra: #","use":"sig","alg":"EdDSA","key_ops":["verify"],"x5t":"AA""#),
        ])
        #expect(keySet.ignoredKeyCount == 8)
        #expect(keySet.keysByID.keys.map(\.text) == ["EdDSA"])
    }

    @Test func `keys of different types may share a kid`() throws {
        let texts = try [TokenAlgorithm.rs256, .es256, .edDSA].map { algorithm in
            try keys.jwk(for: algorithm).replacing("\"kid\":\"\(algorithm.rawValue)\"", with: "\"kid\":\"k\"")
        }
        #expect(try load(texts).keysByID[KeyID("k")]?.map(\.algorithm) == [.rs256, .es256, .edDSA])
    }

    @Test func `a kid is compared byte for byte`() throws {
        let key = try keys.jwk(for: .rs256).replacing("\"kid\":\"RS256\"", with: "\"kid\":\"\u{e9}\"")
        let keySet = try load([key, key.replacing("\u{e9}", with: "e\u{301}")])
        #expect(keySet.keysByID.count == 2)
        #expect(keySet.keysByID[KeyID("\u{e9}")] != nil && keySet.keysByID[KeyID("e\u{301}")] != nil)
    }

    @Test func `a private key in the set serves as the public one`() throws {
        let d = Base64URL.encode(try keys.p256.number("priv"))
        let keySet = try load([try keys.jwk(for: .es256, extra: #","d":"\#(d)""#)])
        let token = try TestToken.make(header: #"{"alg":"ES256","kid":"ES256"}"#, signer: keys.signer(for: .es256))
        let verifier = TokenVerifier(settings: try TokenSettings(keys: keySet))
        #expect(try verifier.verify(token, now: TestToken.now).userID.text == "user")
    }

    static let bad: [(jwks: String, error: AuthConfigurationError)] = [
        ("", .keySetMalformed), ("[]", .keySetMalformed), ("{}", .keySetMalformed), (#"{"keys":{}}"#, .keySetMalformed),
        (#"{"keys":[1]}"#, .keySetMalformed), (#"{"keys":[{"kid":"a"}]}"#, .keySetMalformed),
        (#"{"keys":[]}"#, .noUsableKey), (#"{"keys":[{"kty":"oct","k":"AA"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"RSA","kid":"a"}]}"#, .invalidKey(kid: "a")),
        (#"{"keys":[{"kty":"RSA","kid":"a","n":"!","e":"AQAB"}]}"#, .invalidKey(kid: "a")),
        (#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#, .weakKey(kid: "a")),
        (#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a"}]}"#, .invalidKey(kid: "a")),
        (#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AQ","y":"AQ"}]}"#, .invalidKey(kid: "a")),
        (#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AQ"}]}"#, .invalidKey(kid: "a")),
        (#"{"keys":[{"kty":"OKP","crv":"Ed25519"}]}"#, .invalidKey(kid: "")),
    ]

    @Test(arguments: bad.indices)
    func `an invalid set is refused with the reason`(index: Int) {
        let (jwks, error) = Self.bad[index]
        #expect(throws: error) { try KeySet(secret: nil, jwks: Array(jwks.utf8)) }
        #expect(!error.description.isEmpty)
    }

    @Test func `a point beside the curve is refused`() throws {
        let point = try keys.p256.point()
        let (x, y) = (Base64URL.encode(point[..<32]), Base64URL.encode(point[..<32]))
        #expect(throws: AuthConfigurationError.invalidKey(kid: "a")) {
            try load([#"{"kty":"EC","crv":"P-256","kid":"a","x":"\#(x)","y":"\#(y)"}"#])
        }
    }

    @Test func `an RSA key of 1024 bits is too weak`() {
        let n = Base64URL.encode(([0xff] + [UInt8](repeating: 0x55, count: 127)))
        #expect(throws: AuthConfigurationError.weakKey(kid: "a")) {
            try load([#"{"kty":"RSA","kid":"a","n":"\#(n)","e":"AQAB"}"#])
        }
    }

    @Test(arguments: ["AQ", "AA", "", "Ag", "AQAA", "AwAAAAE", "AQAB=", "!"])
    func `an RSA exponent that is 1, even, large or no number is refused`(exponent: String) throws {
        let n = Base64URL.encode(try keys.rsa.number("n"))
        #expect(throws: AuthConfigurationError.invalidKey(kid: "a")) {
            try load([#"{"kty":"RSA","kid":"a","n":"\#(n)","e":"\#(exponent)"}"#])
        }
    }

    @Test func `an RSA modulus that is even or huge is refused`() throws {
        let even = try keys.rsa.number("n").dropLast() + [0xfe]
        let huge = [UInt8](repeating: 0xff, count: Limits.rsaModulusBitCountMax / 8 + 1)
        for n in [Base64URL.encode(even), Base64URL.encode(huge)] {
            #expect(throws: AuthConfigurationError.invalidKey(kid: "a")) {
                try load([#"{"kty":"RSA","kid":"a","n":"\#(n)","e":"AQAB"}"#])
            }
        }
    }

    @Test(arguments: [31, 33])
    func `a coordinate has 32 bytes`(byteCount: Int) throws {
        let point = try keys.p256.point()
        let all = byteCount < 32 ? Array(point[..<byteCount]) : [0] + point[..<32]
        let (x, y) = (Base64URL.encode(all), Base64URL.encode(point[32...]))
        #expect(throws: AuthConfigurationError.invalidKey(kid: "a")) {
            try load([#"{"kty":"EC","crv":"P-256","kid":"a","x":"\#(x)","y":"\#(y)"}"#])
        }
    }

    @Test func `a repeated key is refused`() throws {
        let jwk = try keys.jwk(for: .edDSA)
        #expect(throws: AuthConfigurationError.duplicateKey(kid: "EdDSA")) { try load([jwk, jwk]) }
    }

    @Test func `the size of a set is bounded`() throws {
        let many = [String](repeating: #"{"kty":"oct"}"#, count: Limits.keyCountMax + 1)
        #expect(throws: AuthConfigurationError.keySetTooLarge) { try load(many) }
        let large = [UInt8](repeating: 0x20, count: Limits.keySetByteCountMax + 1)
        #expect(throws: AuthConfigurationError.keySetTooLarge) { try KeySet(secret: nil, jwks: large) }
    }

    @Test func `a set is read from its file`() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "jwks-\(UUID().uuidString).json")
        try Data("{\"keys\":[\(try keys.jwk(for: .es256))]}".utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(try KeySet.load(secret: nil, jwksPath: url.path).keysByID.count == 1)
    }

    @Test func `the error of a missing file names it`() {
        do throws(AuthConfigurationError) {
            _ = try KeySet.load(secret: nil, jwksPath: "no/such/keys.json")
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description.contains("\"no/such/keys.json\""))
        }
    }
}
