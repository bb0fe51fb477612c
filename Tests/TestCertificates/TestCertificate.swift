import COpenSSL
import Glibc

/// A self-signed certificate and its key, as PEM files in a folder of its own, which `deinit` removes.
///
/// With Ed25519, the default, all handshakes have the same byte counts, so that a simulation repeats.
public final class TestCertificate: Sendable {
    /// The algorithm of the key.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// Signatures of 64 bytes.
        case ed25519 = "ED25519"
        /// On P-256.
        case ecdsa = "EC"
        /// With 2,048 bits.
        case rsa = "RSA"
    }

    /// A call of OpenSSL or of the system that failed.
    public struct Failure: Error {
        /// Its name.
        public let call: String
    }

    /// The folder of the files.
    public let folder: String
    /// The file of the certificate.
    public var certificatePath: String { "\(folder)/certificate.pem" }
    /// The file of the key.
    public var keyPath: String { "\(folder)/key.pem" }

    /// Makes the files. `names` are subject alternative names, such as `DNS:localhost` and `IP:127.0.0.1`.
    ///
    /// - Parameter passphrase: Encrypts the key with it.
    public init(
        _ names: [String] = ["DNS:localhost", "IP:127.0.0.1"], algorithm: Algorithm = .ed25519,
        daysValid: Int = 30, passphrase: String? = nil
    ) throws {
        // The call replaces the last six characters.
        let name = "/tmp/shopstream-certificate-" + String(repeating: "X", count: 6)
        var template = Array(name.utf8CString)
        // SAFETY: the call changes the characters in place, which end with a zero.
        guard let made = unsafe mkdtemp(&template) else { throw Failure(call: "mkdtemp") }
        folder = unsafe String(cString: made)
        let key = unsafe try Self.makeKey(algorithm)
        defer { unsafe EVP_PKEY_free(key) }
        let certificate = unsafe try Self.makeCertificate(names, key, algorithm, daysValid: daysValid)
        defer { unsafe X509_free(certificate) }
        unsafe try Self.write(to: certificatePath) { unsafe PEM_write_bio_X509($0, certificate) }
        let cipher = unsafe passphrase == nil ? nil : EVP_aes_256_cbc()
        unsafe try Self.write(to: keyPath) { file in
            guard let passphrase else { return unsafe PEM_write_bio_PrivateKey(file, key, nil, nil, 0, nil, nil) }
            let bytes = Array(passphrase.utf8)
            return unsafe PEM_write_bio_PrivateKey(file, key, cipher, bytes, CInt(bytes.count), nil, nil)
        }
    }

    deinit {
        // SAFETY: the calls keep no pointer to the paths.
        for path in [certificatePath, keyPath] { unsafe unlink(path) }
        unsafe rmdir(folder)
    }

    private static func makeKey(_ algorithm: Algorithm) throws -> OpaquePointer {
        // SAFETY: the context is freed here; the caller frees the key.
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, algorithm.rawValue, nil) else {
            throw Failure(call: "EVP_PKEY_CTX_new_from_name")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe algorithm != .rsa || EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2_048) == 1,
            unsafe algorithm != .ecdsa || EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            unsafe EVP_PKEY_generate(context, &made) == 1, let key = unsafe made
        else { throw Failure(call: "EVP_PKEY_generate") }
        return unsafe key
    }

    private static func makeCertificate(
        _ names: [String], _ key: OpaquePointer, _ algorithm: Algorithm, daysValid: Int
    ) throws -> OpaquePointer {
        // SAFETY: the calls copy what they are given; the caller frees the certificate.
        guard let certificate = unsafe X509_new() else { throw Failure(call: "X509_new") }
        unsafe X509_set_version(certificate, 2)
        unsafe ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
        unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
        unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), CLong(daysValid * 86_400))
        unsafe X509_set_pubkey(certificate, key)
        let subject = unsafe X509_get_subject_name(certificate)
        let text = Array("shopstream test".utf8)
        unsafe X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, CInt(text.count), -1, 0)
        unsafe X509_set_issuer_name(certificate, subject)
        if !names.isEmpty {
            let names = names.joined(separator: ",")
            guard let alternativeNames = unsafe X509V3_EXT_conf_nid(nil, nil, NID_subject_alt_name, names) else {
                unsafe X509_free(certificate)
                throw Failure(call: "X509V3_EXT_conf_nid")
            }
            unsafe X509_add_ext(certificate, alternativeNames, -1)
            unsafe X509_EXTENSION_free(alternativeNames)
        }
        let digest = unsafe algorithm == .ed25519 ? nil : EVP_sha256()
        guard unsafe X509_sign(certificate, key, digest) > 0 else {
            unsafe X509_free(certificate)
            throw Failure(call: "X509_sign")
        }
        return unsafe certificate
    }

    private static func write(to path: String, _ body: (OpaquePointer) -> CInt) throws {
        // SAFETY: the file is closed here.
        guard let file = unsafe BIO_new_file(path, "w") else { throw Failure(call: "BIO_new_file") }
        defer { unsafe BIO_free(file) }
        guard unsafe body(file) == 1 else { throw Failure(call: "PEM_write") }
    }
}
