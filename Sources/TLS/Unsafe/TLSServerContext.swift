internal import COpenSSL

/// The certificates of a server and the rules of its sessions: a value in a box, which never changes. A new one replaces
/// it when certificates change, and sessions keep the one that they began with. Any thread.
@safe public final class TLSServerContext: Sendable {
    /// What the certificates say, in the order of their files.
    public let certificates: [TLSCertificate]
    /// The keys of tickets, for the context that replaces this one.
    public let ticketKeys: TicketKeys
    private let contexts: [SSLContext]
    private let names: CertificateNames

    /// Loads certificates. The first one serves clients that name no server, or one that no certificate has.
    ///
    /// Reading files may block. Throws an error for the first file that cannot be used.
    ///
    /// - Precondition: there is a certificate.
    public init(_ files: [TLSCertificateFiles], ticketKeys: TicketKeys) throws(TLSConfigurationError) {
        precondition(!files.isEmpty, "a server has a certificate")
        var contexts: [SSLContext] = []
        var certificates: [TLSCertificate] = []
        var names = CertificateNames()
        for pair in files {
            guard let context = SSLContext.server() else {
                throw TLSConfigurationError(.certificate, path: pair.certificatePath, reason: "no memory is left")
            }
            let certificate = try context.load(pair)
            names.add(certificate, index: contexts.count)
            contexts.append(context)
            certificates.append(certificate)
        }
        self.contexts = contexts
        self.certificates = certificates
        self.names = names
        self.ticketKeys = ticketKeys
        for context in contexts { setCallbacks(context) }
    }

    /// The context of a session whose client has named no server yet.
    var first: SSLContext { contexts[0] }

    private func setCallbacks(_ context: SSLContext) {
        // SAFETY: a session holds this object, so the callbacks of its handshake find it. Each callback gets pointers
        // that are valid during the call.
        unsafe SSL_CTX_set_ex_data(context.pointer, 0, Unmanaged.passUnretained(self).toOpaque())
        let identity: [UInt8] = Array("shopstream".utf8)
        unsafe SSL_CTX_set_session_id_context(context.pointer, identity, UInt32(identity.count))
        _ = unsafe SSL_CTX_set_timeout(context.pointer, CLong(Limits.ticketKeyLifetime.components.seconds))
        _ = unsafe shim_ssl_ctx_set_server_name_callback(context.pointer) { session, _, _ in
            unsafe TLSServerContext.of(session)?.chooseCertificate(for: session) ?? SSL_TLSEXT_ERR_NOACK
        }
        unsafe SSL_CTX_set_alpn_select_cb(
            context.pointer,
            { _, selected, selectedByteCount, offered, offeredByteCount, _ in
                unsafe TLSServerContext.selectProtocol(
                    UnsafeBufferPointer(start: offered, count: Int(offeredByteCount)), selected, selectedByteCount)
            }, nil)
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context.pointer) { session, name, vector, cipher, code, encrypts in
            guard let context = unsafe TLSServerContext.of(session), let name = unsafe name,
                let vector = unsafe vector, let cipher = unsafe cipher, let code = unsafe code
            else { return -1 }
            return unsafe context.ticketKeys.prepare(
                name: name, vector: vector, cipher: cipher, code: code, isEncrypting: encrypts != 0)
        }
    }

    private static func of(_ session: OpaquePointer?) -> TLSServerContext? {
        // SAFETY: see `setCallbacks`.
        guard let pointer = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), 0) else { return nil }
        return unsafe Unmanaged<TLSServerContext>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// The client named a server (RFC 6066, section 3): switches to the certificate of that name.
    private func chooseCertificate(for session: OpaquePointer?) -> CInt {
        // SAFETY: the name is valid during the callback, and the session counts the context's reference.
        guard let name = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name),
            let index = unsafe names.index(of: String(cString: name))
        else { return SSL_TLSEXT_ERR_NOACK }
        if index > 0 { unsafe SSL_set_SSL_CTX(session, contexts[index].pointer) }
        return SSL_TLSEXT_ERR_OK
    }

    /// Selects `http/1.1` of the protocols that a client offers; refuses the handshake of one that offers others only
    /// (RFC 7301, section 3.2).
    private static func selectProtocol(
        _ offered: UnsafeBufferPointer<UInt8>, _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        _ selectedByteCount: UnsafeMutablePointer<UInt8>?
    ) -> CInt {
        let wanted = Array("http/1.1".utf8)
        var start = 0
        while start < offered.count {
            // SAFETY: indices stay below the count; the selection points into the client's bytes, as OpenSSL allows.
            let byteCount = Int(unsafe offered[start])
            let end = start + 1 + byteCount
            guard end <= offered.count else { break }
            if unsafe offered[start + 1..<end].elementsEqual(wanted), let base = offered.baseAddress {
                unsafe selected?.pointee = base + start + 1
                unsafe selectedByteCount?.pointee = UInt8(byteCount)
                return SSL_TLSEXT_ERR_OK
            }
            start = end
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
}
