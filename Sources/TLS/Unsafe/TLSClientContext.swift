internal import COpenSSL

/// The rules of a client's sessions: which authorities it trusts. Never changes. Any thread.
@safe public final class TLSClientContext: Sendable {
    /// Whom a client trusts.
    public enum Trust: Hashable, Sendable {
        /// The authorities of the system.
        case system
        /// Those of a PEM file.
        case file(String)
        /// Every server, whatever its certificate: for tests and loads on this machine.
        case anyone
    }

    let context: SSLContext

    /// A context. Reading files may block.
    public init(trusting trust: Trust) throws(TLSConfigurationError) {
        guard let context = SSLContext.client() else {
            throw TLSConfigurationError(.certificate, path: "", reason: "no memory is left")
        }
        OpenSSLErrors.clear()
        // SAFETY: the calls copy what they are given.
        switch trust {
        case .system:
            guard unsafe SSL_CTX_set_default_verify_paths(context.pointer) == 1 else {
                throw TLSConfigurationError(
                    .certificate, path: "the system's authorities", reason: OpenSSLErrors.takeReason())
            }
            unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
        case .file(let path):
            guard unsafe SSL_CTX_load_verify_locations(context.pointer, path, nil) == 1 else {
                throw TLSConfigurationError(.certificate, path: path, reason: OpenSSLErrors.takeReason())
            }
            unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
        case .anyone:
            unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
        }
        self.context = context
    }
}
