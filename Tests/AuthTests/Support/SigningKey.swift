import COpenSSL

@testable import Auth

/// A private key, with what a test says of it. Owns OpenSSL's key; only read after `init`.
@safe final class SigningKey: @unchecked Sendable {
    private let key: OpaquePointer
    private let algorithm: TokenAlgorithm

    struct OpenSSLError: Error {}

    /// Makes a key for RS256, ES256 or EdDSA.
    init(_ algorithm: TokenAlgorithm) throws {
        self.algorithm = algorithm
        let type =
            switch algorithm {
            case .rs256: "RSA"
            case .es256: "EC"
            case .hs256, .edDSA: "ED25519"
            }
        // SAFETY: the context is freed here, and the made key in `deinit`.
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil) else { throw OpenSSLError() }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe algorithm != .rs256 || EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1,
            unsafe algorithm != .es256 || EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            unsafe EVP_PKEY_generate(context, &made) == 1,
            let key = unsafe made
        else { throw OpenSSLError() }
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The signature in the form of a token.
    func signature(of message: [UInt8]) throws -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { throw OpenSSLError() }
        defer { unsafe EVP_MD_CTX_free(context) }
        let digest = algorithm == .edDSA ? nil : "SHA256"
        var signature = [UInt8](repeating: 0, count: 512)
        var byteCount = signature.count
        guard unsafe EVP_DigestSignInit_ex(context, nil, digest, nil, nil, key, nil) == 1,
            unsafe EVP_DigestSign(context, &signature, &byteCount, message, message.count) == 1
        else { throw OpenSSLError() }
        signature.removeSubrange(byteCount...)
        return algorithm == .es256 ? Self.numbers(ofDER: signature) : signature
    }

    /// The numbers of a DER sequence of two integers, 32 bytes each.
    private static func numbers(ofDER der: [UInt8]) -> [UInt8] {
        var numbers: [UInt8] = []
        var index = 2
        for _ in 0..<2 {
            let number = der[(index + 2)..<(index + 2 + Int(der[index + 1]))]
            numbers += [UInt8](repeating: 0, count: max(0, 32 - number.count)) + number.suffix(32)
            index = number.endIndex
        }
        return numbers
    }

    /// A number of the public or private key, big-endian.
    func number(_ name: String) throws -> [UInt8] {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1 else { throw OpenSSLError() }
        defer { unsafe BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let byteCount = unsafe BN_bn2bin(number, &bytes)
        return Array(bytes[..<Int(byteCount)])
    }

    /// The public point: for Ed25519 its 32 bytes, for P-256 the two coordinates.
    func point() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 128)
        var byteCount = 0
        guard
            unsafe EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, &bytes, bytes.count, &byteCount) == 1
        else { throw OpenSSLError() }
        return Array(bytes[..<byteCount].suffix(algorithm == .es256 ? 64 : 32))
    }

    /// The public key as a DER SubjectPublicKeyInfo.
    func publicDER() throws -> [UInt8] {
        var text: UnsafeMutablePointer<UInt8>?
        let byteCount = unsafe i2d_PUBKEY(key, &text)
        guard byteCount > 0, let start = unsafe text else { throw OpenSSLError() }
        defer { unsafe CRYPTO_free(start, #file, #line) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(byteCount)))
    }
}
