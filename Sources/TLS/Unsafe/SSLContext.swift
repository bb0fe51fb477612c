internal import COpenSSL

/// OpenSSL's settings of many sessions, with at most one certificate. Any thread: it does not change once it is set up,
/// and OpenSSL counts its references.
@safe final class SSLContext: @unchecked Sendable {
    // `@unchecked`: see above.
    let pointer: OpaquePointer

    /// TLS 1.2 and 1.3, with authenticated ciphers and forward secrecy alone (RFC 9325, section 4.2). Nil when no memory
    /// is left.
    private init?(_ method: OpaquePointer?) {
        // SAFETY: the context belongs to this object.
        guard let pointer = unsafe SSL_CTX_new(method) else { return nil }
        unsafe self.pointer = pointer
        unsafe SSL_CTX_set_security_level(pointer, 2)
        _ = unsafe shim_ssl_ctx_set_min_version(pointer, TLS1_2_VERSION)
        let ciphers = ["ECDSA", "RSA"].flatMap { signature in
            ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"].map { "ECDHE-\(signature)-\($0)" }
        }
        let areSet = unsafe SSL_CTX_set_cipher_list(pointer, ciphers.joined(separator: ":")) == 1
        let groupsAreSet = unsafe shim_ssl_ctx_set_groups(pointer, "X25519:P-256:P-384") == 1
        precondition(areSet && groupsAreSet, "OpenSSL 3 has these ciphers and groups")
        // An end of the connection without close_notify is an end: HTTP and WebSocket know where their data ends.
        _ = unsafe SSL_CTX_set_options(
            pointer,
            SHIM_SSL_OP_NO_RENEGOTIATION | SHIM_SSL_OP_NO_COMPRESSION | SHIM_SSL_OP_CIPHER_SERVER_PREFERENCE
                | SHIM_SSL_OP_PRIORITIZE_CHACHA | SHIM_SSL_OP_IGNORE_UNEXPECTED_EOF)
        _ = unsafe shim_ssl_ctx_set_mode(pointer, CLong(SSL_MODE_RELEASE_BUFFERS))
        _ = unsafe shim_ssl_ctx_set_session_cache_mode(pointer, CLong(SSL_SESS_CACHE_OFF))
        // Otherwise OpenSSL would ask for a passphrase on the terminal.
        unsafe SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in -1 }
        unsafe SSL_CTX_set_msg_callback(pointer) { isWritten, _, contentType, message, byteCount, _, argument in
            guard isWritten == 0, contentType == SSL3_RT_HANDSHAKE, byteCount > 0 else { return }
            // SAFETY: the argument of each session is its SessionBytes, and the message has a byte.
            guard let type = unsafe message?.load(as: UInt8.self), Int32(type) == SSL3_MT_KEY_UPDATE else { return }
            unsafe argument?.assumingMemoryBound(to: SessionBytes.self).pointee.keyUpdateCount += 1
        }
    }

    static func server() -> SSLContext? { unsafe SSLContext(TLS_server_method()) }
    static func client() -> SSLContext? { unsafe SSLContext(TLS_client_method()) }

    deinit {
        // SAFETY: sessions hold references of their own.
        unsafe SSL_CTX_free(pointer)
    }

    /// Loads a certificate, its chain and its key. Reading files may block.
    func load(_ files: TLSCertificateFiles) throws(TLSConfigurationError) -> TLSCertificate {
        OpenSSLErrors.clear()
        // SAFETY: the calls copy the paths; the certificate belongs to the context.
        guard unsafe SSL_CTX_use_certificate_chain_file(pointer, files.certificatePath) == 1 else {
            throw TLSConfigurationError(
                .certificate, path: files.certificatePath, reason: OpenSSLErrors.takeReason())
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(pointer, files.keyPath, SSL_FILETYPE_PEM) == 1,
            unsafe SSL_CTX_check_private_key(pointer) == 1
        else {
            throw TLSConfigurationError(.key, path: files.keyPath, reason: OpenSSLErrors.takeReason())
        }
        guard let certificate = unsafe SSL_CTX_get0_certificate(pointer) else {
            throw TLSConfigurationError(.certificate, path: files.certificatePath, reason: "it has no certificate")
        }
        return TLSCertificate(names: unsafe Self.names(of: certificate), expiresAt: unsafe Self.expiry(of: certificate))
    }

    private static func names(of certificate: OpaquePointer) -> [String] {
        // SAFETY: the list is freed at the end; a text is copied before.
        guard let list = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(list)
        defer { unsafe GENERAL_NAMES_free(names) }
        return unsafe (0..<shim_general_name_count(names)).compactMap { index in
            guard let text = unsafe shim_dns_name(shim_general_name(names, index)),
                let bytes = unsafe ASN1_STRING_get0_data(text)
            else { return nil }
            let buffer = unsafe UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(text)))
            return unsafe String(validating: buffer, as: UTF8.self)?.lowercased()
        }
    }

    private static func expiry(of certificate: OpaquePointer) -> Int64 {
        var time = unsafe tm()
        // SAFETY: the calls write the local and keep no pointer.
        guard unsafe ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1 else { return 0 }
        return Int64(unsafe timegm(&time))
    }
}
