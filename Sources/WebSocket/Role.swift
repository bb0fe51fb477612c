/// Which end of the connection this endpoint is.
///
/// Clients mask what they send and servers do not (RFC 6455, section 5.1); the server is the one that closes the
/// transport first (section 7.1.1).
public enum Role: UInt8, Hashable, Sendable {
    /// This endpoint accepted the handshake: it demands masked frames and sends unmasked ones.
    case server
    /// This endpoint began the handshake: it demands unmasked frames and sends masked ones.
    case client
}
