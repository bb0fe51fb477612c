import FoundationEssentials

extension KeySet {
    /// Reads a JWKS file, and adds `secret` when there is one.
    ///
    /// Blocks during the read: for the start and for a thread of its own, not for a reactor.
    public static func load(secret: TokenSecret?, jwksPath path: String) throws(AuthConfigurationError) -> KeySet {
        try KeySet(secret: secret, jwks: read(path: path))
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
    public init(secret: TokenSecret?, jwks: [UInt8]) throws(AuthConfigurationError) {
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
            if let key = try entry.verificationKey() { publicKeys.append((entry.kid, key)) }
        }
        if publicKeys.isEmpty { throw .noUsableKey }
        try self.init(
            secret: secret, publicKeys: publicKeys, ignoredKeyCount: document.keys.count - publicKeys.count)
    }
}

/// The JSON of a JWKS.
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
    func verificationKey() throws(AuthConfigurationError) -> VerificationKey? {
        guard use == nil || use == "sig", operations?.contains("verify") ?? true else { return nil }
        let key: PublicKey?
        switch (kty, alg, crv) {
        case ("RSA", nil, _), ("RSA", "RS256", _): key = try rsaKey()
        case ("EC", nil, "P-256"), ("EC", "ES256", "P-256"):
            key = try PublicKey.p256(x: number(x), y: number(y))
        case ("OKP", nil, "Ed25519"), ("OKP", "EdDSA", "Ed25519"):
            key = try PublicKey.ed25519(number(x))
        default:
            return nil
        }
        guard let key else { throw .invalidKey(kid: kid ?? "") }
        return VerificationKey(key)
    }

    private func rsaKey() throws(AuthConfigurationError) -> PublicKey? {
        let modulus = try number(n)
        let bitCount = RSAParameters.bitCount(of: modulus)
        if bitCount < Limits.rsaModulusBitCountMin { throw .weakKey(kid: kid ?? "") }
        let exponent = try number(e)
        guard bitCount <= Limits.rsaModulusBitCountMax, RSAParameters.isOdd(modulus),
            RSAParameters.isValidExponent(exponent)
        else { return nil }
        if RSAParameters.isROCA(modulus) { throw .weakKey(kid: kid ?? "") }
        return PublicKey.rsa(modulus: modulus, exponent: exponent)
    }

    private func number(_ text: String?) throws(AuthConfigurationError) -> [UInt8] {
        guard let text, let bytes = Base64URL.decode(text.utf8.span) else { throw .invalidKey(kid: kid ?? "") }
        return bytes
    }
}
