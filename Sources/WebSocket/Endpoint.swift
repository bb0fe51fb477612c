/// An end of a WebSocket connection: which one the code speaks for.
///
/// Clients mask their frames and servers do not (RFC 6455, section 5.1). The server closes the transport first (section
/// 7.1.1).
public enum Endpoint: UInt8, Hashable, Sendable {
    /// This endpoint accepted the handshake: it requires masked frames and sends unmasked ones.
    case server
    /// This endpoint began the handshake: it requires unmasked frames and sends masked ones.
    case client
}
