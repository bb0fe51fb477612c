import FoundationEssentials
import JWTKit

extension KeySet {
    /// Reads a JWKS file, and joins it with `secret` when there is one.
    ///
    /// Blocks for the read: for the start and for a thread of its own, not for a reactor.
    public static func load(secret: TokenSecret?, jwksPath path: String) async throws(AuthConfigurationError) -> KeySet
    {
        try await KeySet(secret: secret, jwks: read(path: path))
    }

    /// The text of a JWKS file. Blocks for the read.
    public static func read(path: String) throws(AuthConfigurationError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw .keySetUnreadable(path: path, reason: "no such file, or no permission")
        }
    }

    /// Reads the JSON text of a JWKS (RFC 7517, section 5), and joins it with `secret` when there is one.
    ///
    /// Keys for other purposes or algorithms are passed over, as section 5 asks; a key that is meant for us and broken
    /// or weak fails the whole set, so that a mistake shows at start. Private parts are never taken over.
    public init(secret: TokenSecret?, jwks: [UInt8]) async throws(AuthConfigurationError) {
        if jwks.count > Limits.keySetByteCountMax { throw .keySetTooLarge }
        let document: KeySetDocument
        do {
            document = try JSONDecoder().decode(KeySetDocument.self, from: Data(jwks))
        } catch {
            throw .keySetMalformed
        }
        if document.keys.count > Limits.keyCountMax { throw .keySetTooLarge }
        var publicKeys: [(kid: String?, key: VerificationKey)] = []
        for entry in document.keys {
            if let key = try await entry.verificationKey() { publicKeys.append((entry.kid, key)) }
        }
        if publicKeys.isEmpty { throw .noUsableKey }
        try self.init(
            secret: secret, publicKeys: publicKeys, ignoredKeyCount: document.keys.count - publicKeys.count)
    }
}

/// A JWKS as it stands in JSON. The library's own type refuses a whole set for one key of an unknown type.
private struct KeySetDocument: Decodable {
    let keys: [KeyEntry]
}

/// The public members of one JWK that is for signatures.
private struct KeyEntry: Decodable {
    let kty: String
    let kid: String?
    let alg: String?
    let use: String?
    let operations: [String]?
    let crv: String?
    let n: String?
    let e: String?
    let x: String?
    let y: String?

    private enum CodingKeys: String, CodingKey {
        case kty, kid, alg, use, crv, n, e, x, y
        case operations = "key_ops"
    }

    /// Nil for a key that is for something else; throws for one that is for us and no good.
    func verificationKey() async throws(AuthConfigurationError) -> VerificationKey? {
        guard use == nil || use == "sig", operations?.contains("verify") ?? true else { return nil }
        let identifier = JWKIdentifier(string: "key")
        let algorithm: TokenAlgorithm
        let key: JWK
        switch (kty, alg, crv) {
        case ("RSA", nil, _), ("RSA", "RS256", _):
            guard let n, let bytes = Base64URL.decode(Array(n.utf8)[...]) else { throw .invalidKey(kid: kid ?? "") }
            if Self.bitCount(of: bytes) < Limits.rsaModulusBitCountMin { throw .weakKey(kid: kid ?? "") }
            algorithm = .rs256
            key = .rsa(.rs256, identifier: identifier, modulus: n, exponent: e)
        case ("EC", nil, "P-256"), ("EC", "ES256", "P-256"):
            algorithm = .es256
            key = .ecdsa(.es256, identifier: identifier, x: x, y: y, curve: .p256)
        case ("OKP", nil, "Ed25519"), ("OKP", "EdDSA", "Ed25519"):
            algorithm = .edDSA
            key = .octetKeyPair(.eddsa, identifier: identifier, x: x, y: nil, curve: .ed25519)
        default:
            return nil
        }
        do {
            let collection = try await JWTKeyCollection().add(jwk: key)
            return VerificationKey(publicKey: try await collection.getKey(for: identifier), algorithm: algorithm)
        } catch {
            throw .invalidKey(kid: kid ?? "")
        }
    }

    private static func bitCount(of number: [UInt8]) -> Int {
        guard let first = number.firstIndex(where: { $0 != 0 }) else { return 0 }
        return (number.count - first) * 8 - number[first].leadingZeroBitCount
    }
}
