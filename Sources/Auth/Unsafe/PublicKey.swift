internal import COpenSSL

/// A public key that verifies signatures of one algorithm.
///
/// Owns OpenSSL's key. Any thread: OpenSSL only reads a key that is complete, and each verification has a context of its
/// own. Verifying takes some tens of microseconds.
@safe final class PublicKey: @unchecked Sendable {
    // `@unchecked`: the key does not change after `init`.

    let algorithm: TokenAlgorithm
    private let key: OpaquePointer

    /// Takes the ownership of `key`.
    private init(_ key: OpaquePointer, _ algorithm: TokenAlgorithm) {
        unsafe self.key = key
        self.algorithm = algorithm
    }

    deinit {
        // SAFETY: no reference is left, so no thread uses the key.
        unsafe EVP_PKEY_free(key)
    }

    /// An RSA key for RS256 from the big-endian bytes of its modulus and exponent; nil when OpenSSL refuses it. Does not
    /// judge its strength.
    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> PublicKey? {
        // SAFETY: each object that a call returns is freed when this one ends; `key` copies what it reads.
        withErrorsDropped {
            guard let n = unsafe BN_bin2bn(modulus, CInt(modulus.count), nil) else { return nil }
            defer { unsafe BN_free(n) }
            guard let e = unsafe BN_bin2bn(exponent, CInt(exponent.count), nil) else { return nil }
            defer { unsafe BN_free(e) }
            guard let builder = unsafe OSSL_PARAM_BLD_new() else { return nil }
            defer { unsafe OSSL_PARAM_BLD_free(builder) }
            guard unsafe OSSL_PARAM_BLD_push_BN(builder, SHIM_PARAM_RSA_N, n) == 1,
                unsafe OSSL_PARAM_BLD_push_BN(builder, SHIM_PARAM_RSA_E, e) == 1
            else { return nil }
            return unsafe key(type: "RSA", builder).map { unsafe PublicKey($0, .rs256) }
        }
    }

    /// A key on P-256 for ES256 from the coordinates of its point, 32 bytes each; nil for a point that is not on the
    /// curve.
    static func p256(x: [UInt8], y: [UInt8]) -> PublicKey? {
        guard x.count == 32, y.count == 32 else { return nil }
        let point = [0x04] + x + y
        // SAFETY: as above; the builder keeps pointers to literals of C, and to `point` until the closure ends.
        return withErrorsDropped {
            guard let builder = unsafe OSSL_PARAM_BLD_new() else { return nil }
            defer { unsafe OSSL_PARAM_BLD_free(builder) }
            return unsafe point.withUnsafeBytes { point in
                guard unsafe OSSL_PARAM_BLD_push_utf8_string(builder, SHIM_PARAM_GROUP_NAME, SHIM_GROUP_P256, 0) == 1,
                    unsafe OSSL_PARAM_BLD_push_octet_string(
                        builder, SHIM_PARAM_PUB_KEY, point.baseAddress, point.count) == 1
                else { return nil }
                return unsafe key(type: "EC", builder).map { unsafe PublicKey($0, .es256) }
            }
        }
    }

    /// An Ed25519 key for EdDSA from its 32 bytes; nil for another length.
    static func ed25519(_ bytes: [UInt8]) -> PublicKey? {
        guard bytes.count == 32 else { return nil }
        // SAFETY: the call copies the bytes.
        return withErrorsDropped {
            unsafe EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, bytes, bytes.count).map {
                unsafe PublicKey($0, .edDSA)
            }
        }
    }

    /// Whether this key made `signature`, in the form of RFC 7518, for `message`. Allocates.
    func isValid(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        guard algorithm == .es256 else { return verify(signature, message) }
        guard let encoded = ECDSASignature(signature) else { return false }
        return verify(encoded.der, message)
    }

    private func verify(_ signature: Span<UInt8>, _ message: Span<UInt8>) -> Bool {
        unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                // SAFETY: the context is freed here; the call reads the two buffers before it returns.
                Self.withErrorsDropped {
                    guard let context = unsafe EVP_MD_CTX_new() else { return nil }
                    defer { unsafe EVP_MD_CTX_free(context) }
                    let digest = algorithm == .edDSA ? nil : "SHA256"
                    guard unsafe EVP_DigestVerifyInit_ex(context, nil, digest, nil, nil, key, nil) == 1,
                        unsafe EVP_DigestVerify(
                            context, signature.baseAddress, signature.count, message.baseAddress, message.count) == 1
                    else { return nil }
                    return true
                } ?? false
            }
        }
    }

    /// The key of the builder's parameters, owned by the caller; nil when they are not one.
    private static func key(type: String, _ builder: OpaquePointer) -> OpaquePointer? {
        // SAFETY: what the calls return is freed here, but for the key. A key that fails its check is freed too.
        guard let parameters = unsafe OSSL_PARAM_BLD_to_param(builder) else { return nil }
        defer { unsafe OSSL_PARAM_free(parameters) }
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard unsafe EVP_PKEY_fromdata_init(context) == 1,
            unsafe EVP_PKEY_fromdata(context, &made, CInt(SHIM_PKEY_PUBLIC_KEY), parameters) == 1,
            let key = unsafe made
        else { return nil }
        guard let check = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else {
            unsafe EVP_PKEY_free(key)
            return nil
        }
        defer { unsafe EVP_PKEY_CTX_free(check) }
        guard unsafe EVP_PKEY_public_check(check) == 1 else {
            unsafe EVP_PKEY_free(key)
            return nil
        }
        return unsafe key
    }

    /// Runs calls of OpenSSL. Drops what they added to the thread's queue of errors: nil is the whole answer here.
    private static func withErrorsDropped<Result>(_ body: () -> Result?) -> Result? {
        let result = body()
        if result == nil { ERR_clear_error() }
        return result
    }
}
