import FoundationEssentials
import JWTKit

extension KeySet {
    /// Reads a JWKS file, and adds `secret` when there is one.
    ///
    /// Blocks during the read: for the start and for a thread of its own, not for a reactor.
    public static func load(secret: TokenSecret?, jwksPath path: String) async throws(AuthConfigurationError) -> KeySet
    {
        try await KeySet(secret: secret, jwks: read(path: path))
    }

    /// The text of a JWKS file. Blocks during the read.
    public static func read(path: String) throws(AuthConfigurationError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw .keySetUnreadable(path: path, reason: "no such file, or no permission")
        }
    }

    /// Parses the JSON text of a JWKS (RFC 7517, section 5), and adds `secret` when there is one.
    ///
    /// Keys for other purposes or algorithms are skipped, as section 5 requires. A broken or weak key of a supported
    /// kind fails the whole set, so that a mistake shows at start. Private parts of keys are never stored.
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

/// The JSON of a JWKS. The library's own type rejects a whole set because of one key of an unknown type.
private struct KeySetDocument: Decodable {
    let keys: [KeyEntry]
}

/// The public members of one JWK for signatures.
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

    /// Nil for a key with another purpose; throws for a broken or weak key of a supported kind.
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
