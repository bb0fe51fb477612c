/// The limits of this module that no setting changes.
enum Limits {
    /// Bytes of plaintext in one record (RFC 8446, section 5.1).
    static let recordByteCountMax = 16 << 10
    /// Bytes that a record has beyond its plaintext: header, content type, nonce and tag, rounded up (RFC 8446,
    /// section 5.2; RFC 5246, section 6.2.3.3).
    static let recordOverheadMax = 64
    /// Bytes that a peer may send before its handshake is complete. The largest usual hello has some 2 KB.
    static let handshakeByteCountMax = 32 << 10
    /// Updates of its key that a peer may send without data between them: each makes the server derive keys.
    static let keyUpdateCountMax = 32
    /// How long a key encrypts tickets, and how long a ticket is valid.
    static let ticketKeyLifetime: Duration = .seconds(12 * 3_600)
}
