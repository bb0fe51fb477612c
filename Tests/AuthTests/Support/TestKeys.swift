import Digests
import FoundationEssentials
import Primitives

@testable import Auth

/// Signs `signed` as a token's issuer does.
typealias Signer = @Sendable (_ signed: [UInt8]) throws -> [UInt8]

/// Keys that are made when the tests run, with the JWK of each.
struct TestKeys: Sendable {
    static let secretText = "a secret of at least thirty-two bytes"

    let rsa: SigningKey
    let p256: SigningKey
    let ed25519: SigningKey

    static let shared = Result { try TestKeys() }

    private init() throws {
        rsa = try SigningKey(.rs256)
        p256 = try SigningKey(.es256)
        ed25519 = try SigningKey(.edDSA)
    }

    func signer(for algorithm: TokenAlgorithm) -> Signer {
        switch algorithm {
        case .hs256: Self.hs256(Array(Self.secretText.utf8))
        case .rs256: rsa.signature(of:)
        case .es256: p256.signature(of:)
        case .edDSA: ed25519.signature(of:)
        }
    }

    static func hs256(_ secret: [UInt8]) -> Signer {
        { signed in
            let code = HMACSHA256(key: secret.span).code(for: signed.span)
            return code.indices.map { code[$0] }
        }
    }

    /// The public key as a JWK with the `kid` that is the algorithm's name.
    func jwk(for algorithm: TokenAlgorithm, extra: String = "") throws -> String {
        let kid = "\"kid\":\"\(algorithm.rawValue)\"\(extra)"
        switch algorithm {
        case .hs256:
            return #"{"kty":"oct","k":"\#(Base64URL.encode(Self.secretText.utf8))",\#(kid)}"#
        case .rs256:
            let (n, e) = (Base64URL.encode(try rsa.number("n")), Base64URL.encode(try rsa.number("e")))
            return #"{"kty":"RSA","n":"\#(n)","e":"\#(e)",\#(kid)}"#
        case .es256:
            let point = try p256.point()
            let (x, y) = (Base64URL.encode(point[..<32]), Base64URL.encode(point[32...]))
            return #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)",\#(kid)}"#
        case .edDSA:
            let x = Base64URL.encode(try ed25519.point())
            return #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)",\#(kid)}"#
        }
    }

    func keySet(secret: TokenSecret?, _ algorithms: [TokenAlgorithm] = [.rs256, .es256, .edDSA]) throws -> KeySet {
        let jwks = try algorithms.map { try jwk(for: $0) }
        return try KeySet(secret: secret, jwks: Array("{\"keys\":[\(jwks.joined(separator: ","))]}".utf8))
    }
}

/// Tokens put together by hand, so that they can be wrong in any way.
enum TestToken {
    /// The time that tests take for now: 2026-01-03T15:30:00Z.
    static let now = Timestamp(microsecondsSinceEpoch: 1_767_454_200_000_000)
    static let nowSeconds: Int64 = 1_767_454_200
    static let claims = #"{"sub":"user","exp":\#(nowSeconds + 600)}"#

    static func make(header: String, claims: String = claims, signer: Signer) throws -> String {
        let signed = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims.utf8))"
        return "\(signed).\(Base64URL.encode(try signer(Array(signed.utf8))))"
    }

    /// An HS256 token with the shared secret.
    static func hs256(_ claims: String = claims) throws -> String {
        try make(header: #"{"alg":"HS256"}"#, claims: claims, signer: TestKeys.hs256(Array(TestKeys.secretText.utf8)))
    }

    static func verifier(
        issuer: String? = nil, audience: String? = nil, leeway: Duration = .seconds(30), cachedTokenCountMax: Int = 16
    ) throws -> TokenVerifier {
        let keys = KeySet(secret: try TokenSecret(TestKeys.secretText))
        return TokenVerifier(
            settings: try TokenSettings(
                keys: keys, issuer: issuer, audience: audience, leeway: leeway,
                cachedTokenCountMax: cachedTokenCountMax))
    }
}

extension Base64URL {
    static func encode(_ bytes: some Collection<UInt8>) -> String { encode(Array(bytes).span) }

    static func decode(_ text: String) -> [UInt8]? { decode(text.utf8.span) }
}
