internal import COpenSSL

/// One side of a TLS connection, without I/O: received bytes in, plaintext and bytes to send out.
///
/// OpenSSL does the work and keeps some 14 KB for an idle session. Belongs to one thread at a time, and may move between
/// calls. A failed session only ends.
@safe public struct TLSSession: ~Copyable {
    /// What received bytes brought.
    public enum Input: Hashable, Sendable {
        /// All bytes were taken, and more may follow.
        case open
        /// The peer has ended its side (close_notify). Bytes after that were dropped.
        case ended
    }

    private let session: OpaquePointer
    private let bytes: UnsafeMutablePointer<SessionBytes>
    /// Callbacks of the session find it through OpenSSL's context.
    private let context: TLSServerContext?
    /// Bytes received before the handshake was complete.
    private var handshakeByteCount = 0
    /// Whether the handshake is complete: only then is there data, in both directions.
    public private(set) var isEstablished = false

    private init(_ parts: Parts, _ context: TLSServerContext?) {
        // SAFETY: the session and its bytes belong to this value from here on, and are freed in `deinit` alone.
        unsafe session = parts.session
        unsafe bytes = parts.bytes
        self.context = context
    }

    deinit {
        unsafe Parts(session: session, bytes: bytes).free()
    }

    /// The side of a server, which waits for the client's hello.
    public init(server context: TLSServerContext) throws(TLSError) {
        let parts = try unsafe Parts(context.first)
        unsafe SSL_set_accept_state(parts.session)
        unsafe self.init(parts, context)
    }

    /// The side of a client. It names `serverName`, unless that is an IP address, and accepts only a certificate of that
    /// name or address, unless it trusts any server. `receive` of no bytes makes it send its hello.
    public init(client context: TLSClientContext, serverName: String) throws(TLSError) {
        let parts = try unsafe Parts(context.context)
        unsafe SSL_set_connect_state(parts.session)
        // An address is no name (RFC 6066, section 3), and certificates have addresses apart from names.
        let isAddress = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(parts.session), serverName) == 1
        guard
            unsafe isAddress
                || (shim_ssl_set_server_name(parts.session, serverName) == 1
                    && SSL_set1_host(parts.session, serverName) == 1)
        else {
            unsafe parts.free()
            throw .outOfMemory
        }
        unsafe self.init(parts, nil)
    }

    /// Whether the session was resumed from a ticket.
    public var isResumed: Bool { unsafe SSL_session_reused(session) == 1 }

    /// Takes received bytes: appends their plaintext to `plaintext`, and what must be sent now to `output`, also when it
    /// throws. O(bytes), and about a millisecond for a handshake's first bytes with a key of RSA.
    public mutating func receive(
        _ input: Span<UInt8>, into plaintext: inout [UInt8], output: inout [UInt8]
    ) throws(TLSError) -> Input {
        // SAFETY: `input` and `output` are in `bytes` during this call only.
        unsafe swap(&bytes.pointee.output, &output)
        defer {
            unsafe bytes.pointee.input = UnsafeRawBufferPointer(start: nil, count: 0)
            unsafe swap(&bytes.pointee.output, &output)
        }
        let result: Result<Input, TLSError> = unsafe input.withUnsafeBytes { received in
            unsafe bytes.pointee.input = received
            do throws(TLSError) {
                if !isEstablished, try !continueHandshake(receivedByteCount: received.count) { return .success(.open) }
                return .success(try read(into: &plaintext))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Appends the records of `plaintext` to `output`. O(bytes); at least some microseconds.
    ///
    /// - Precondition: the session is established, and there are bytes.
    public mutating func seal(_ plaintext: Span<UInt8>, into output: inout [UInt8]) throws(TLSError) {
        precondition(isEstablished && !plaintext.isEmpty, "data before the handshake is complete, or none")
        // SAFETY: as above.
        unsafe swap(&bytes.pointee.output, &output)
        defer { unsafe swap(&bytes.pointee.output, &output) }
        OpenSSLErrors.clear()
        var byteCount = 0
        let isSealed = unsafe plaintext.withUnsafeBytes { plaintext in
            unsafe SSL_write_ex(session, plaintext.baseAddress, plaintext.count, &byteCount) == 1
        }
        guard isSealed else { throw .failed(OpenSSLErrors.takeReason()) }
    }

    /// Appends the end of this side (close_notify) to `output`; nothing when the handshake is not complete.
    public mutating func end(into output: inout [UInt8]) {
        guard isEstablished else { return }
        // SAFETY: as above.
        unsafe swap(&bytes.pointee.output, &output)
        defer { unsafe swap(&bytes.pointee.output, &output) }
        OpenSSLErrors.clear()
        _ = unsafe SSL_shutdown(session)
        OpenSSLErrors.clear()
    }

    private mutating func continueHandshake(receivedByteCount: Int) throws(TLSError) -> Bool {
        handshakeByteCount += receivedByteCount
        guard handshakeByteCount <= Limits.handshakeByteCountMax else { throw .handshakeTooLong }
        OpenSSLErrors.clear()
        let status = unsafe SSL_do_handshake(session)
        if status == 1 {
            isEstablished = true
            return true
        }
        guard unsafe SSL_get_error(session, status) == SSL_ERROR_WANT_READ else {
            throw .failed(OpenSSLErrors.takeReason())
        }
        return false
    }

    private func read(into plaintext: inout [UInt8]) throws(TLSError) -> Input {
        while true {
            OpenSSLErrors.clear()
            var status: CInt = 0
            plaintext.append(addingCapacity: Limits.recordByteCountMax) { span in
                // SAFETY: OpenSSL writes at most as many bytes as there is room for, and says how many.
                unsafe span.withUnsafeMutableBufferPointer { buffer, initializedCount in
                    var byteCount = 0
                    status = unsafe SSL_read_ex(session, buffer.baseAddress, buffer.count, &byteCount)
                    if status == 1 { initializedCount = byteCount }
                }
            }
            if status == 1 {
                unsafe bytes.pointee.keyUpdateCount = 0
                continue
            }
            guard unsafe bytes.pointee.keyUpdateCount <= Limits.keyUpdateCountMax else { throw .tooManyKeyUpdates }
            switch unsafe SSL_get_error(session, status) {
            case SSL_ERROR_WANT_READ: return .open
            case SSL_ERROR_ZERO_RETURN: return .ended
            default: throw .failed(OpenSSLErrors.takeReason())
            }
        }
    }
}

/// The memory of a session. Its holder frees it.
@unsafe private struct Parts {
    let session: OpaquePointer
    let bytes: UnsafeMutablePointer<SessionBytes>

    init(session: OpaquePointer, bytes: UnsafeMutablePointer<SessionBytes>) {
        unsafe self.session = session
        unsafe self.bytes = bytes
    }

    init(_ context: SSLContext) throws(TLSError) {
        guard let session = unsafe SSL_new(context.pointer) else { throw .outOfMemory }
        unsafe self.session = session
        unsafe bytes = .allocate(capacity: 1)
        unsafe bytes.initialize(to: SessionBytes())
        guard unsafe SessionBytes.attach(bytes, to: session) else {
            unsafe free()
            throw .outOfMemory
        }
        _ = unsafe shim_ssl_set_message_argument(session, bytes)
    }

    func free() {
        // SAFETY: the session is freed before the bytes that it refers to.
        unsafe SSL_free(session)
        unsafe bytes.deinitialize(count: 1)
        unsafe bytes.deallocate()
    }
}
