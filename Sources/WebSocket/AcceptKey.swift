import Crypto

/// The server's answer to the client's key, which proves that the server understood the handshake (RFC 6455, section
/// 4.2.2).
enum AcceptKey {
    /// The value of `Sec-WebSocket-Accept` for a value of `Sec-WebSocket-Key`. SHA-1 is not used for security here, so
    /// its weakness does not matter. Allocates.
    static func text(for key: String) -> String {
        var hash = Insecure.SHA1()
        let input = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        unsafe input.withUnsafeBytes { bytes in
            // SAFETY: the hash has read the bytes when the call returns.
            unsafe hash.update(bufferPointer: bytes)
        }
        return Base64.text(of: Array(hash.finalize()))
    }
}
