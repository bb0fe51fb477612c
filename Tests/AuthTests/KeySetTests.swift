import CryptoExtras
import FoundationEssentials
import Primitives
import Testing

@testable import Auth

@Suite struct KeySetTests {
    let keys: TestKeys

    init() throws { keys = try TestKeys.shared.get() }

    private func load(_ jwks: [String]) async throws -> KeySet {
        try await KeySet(secret: nil, jwks: Array("{\"keys\":[\(jwks.joined(separator: ","))]}".utf8))
    }

    @Test func `keys for other purposes are ignored`() async throws {
        let keySet = try await load([
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

    @Test func `keys of different types may share a kid`() async throws {
        let texts = try [TokenAlgorithm.rs256, .es256, .edDSA].map { algorithm in
            try keys.jwk(for: algorithm).replacing("\"kid\":\"\(algorithm.rawValue)\"", with: "\"kid\":\"k\"")
        }
        #expect(try await load(texts).keysByID[KeyID("k")]?.map(\.algorithm) == [.rs256, .es256, .edDSA])
    }

    @Test func `a kid is compared byte for byte`() async throws {
        let key = try keys.jwk(for: .rs256).replacing("\"kid\":\"RS256\"", with: "\"kid\":\"\u{e9}\"")
        let keySet = try await load([key, key.replacing("\u{e9}", with: "e\u{301}")])
        #expect(keySet.keysByID.count == 2)
        #expect(keySet.keysByID[KeyID("\u{e9}")] != nil && keySet.keysByID[KeyID("e\u{301}")] != nil)
    }

    @Test func `a private key in the set serves as the public one`() async throws {
        let d = Base64URL.encode(keys.p256.rawRepresentation)
        let keySet = try await load([try keys.jwk(for: .es256, extra: #","d":"\#(d)""#)])
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
    func `an invalid set is refused with the reason`(index: Int) async {
        let (jwks, error) = Self.bad[index]
        await #expect(throws: error) { try await KeySet(secret: nil, jwks: Array(jwks.utf8)) }
        #expect(!error.description.isEmpty)
    }

    @Test func `a point beside the curve is refused`() async throws {
        let point = Array(keys.p256.publicKey.rawRepresentation)
        let (x, y) = (Base64URL.encode(point[..<32]), Base64URL.encode(point[..<32]))
        await #expect(throws: AuthConfigurationError.invalidKey(kid: "a")) {
            try await load([#"{"kty":"EC","crv":"P-256","kid":"a","x":"\#(x)","y":"\#(y)"}"#])
        }
    }

    @Test func `an RSA key of 1024 bits is too weak`() async {
        let n = Base64URL.encode([0xff] + [UInt8](repeating: 0x55, count: 127))
        await #expect(throws: AuthConfigurationError.weakKey(kid: "a")) {
            try await load([#"{"kty":"RSA","kid":"a","n":"\#(n)","e":"AQAB"}"#])
        }
    }

    @Test func `a repeated key is refused`() async throws {
        let jwk = try keys.jwk(for: .edDSA)
        await #expect(throws: AuthConfigurationError.duplicateKey(kid: "EdDSA")) { try await load([jwk, jwk]) }
    }

    @Test func `the size of a set is bounded`() async throws {
        let many = [String](repeating: #"{"kty":"oct"}"#, count: Limits.keyCountMax + 1)
        await #expect(throws: AuthConfigurationError.keySetTooLarge) { try await load(many) }
        let large = [UInt8](repeating: 0x20, count: Limits.keySetByteCountMax + 1)
        await #expect(throws: AuthConfigurationError.keySetTooLarge) { try await KeySet(secret: nil, jwks: large) }
    }

    @Test func `a set is read from its file`() async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "jwks-\(UUID().uuidString).json")
        try Data("{\"keys\":[\(try keys.jwk(for: .es256))]}".utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(try await KeySet.load(secret: nil, jwksPath: url.path).keysByID.count == 1)
    }

    @Test func `the error of a missing file names it`() async {
        do throws(AuthConfigurationError) {
            _ = try await KeySet.load(secret: nil, jwksPath: "no/such/keys.json")
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description.contains("\"no/such/keys.json\""))
        }
    }
}
