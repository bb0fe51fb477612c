/// What is wrong with the response to a client's handshake (RFC 6455, section 4.1). The connection is of no use.
public enum ClientHandshakeError: Error, Hashable, Sendable {
    /// The server did not switch protocols: the status says why.
    case refused(statusCode: Int)
    /// The `Upgrade` field is not `websocket`.
    case upgradeMissing
    /// No `Connection` field names `upgrade`.
    case connectionUpgradeMissing
    /// `Sec-WebSocket-Accept` is not the answer to this handshake's key.
    case acceptKeyWrong
    /// The server chose an extension that was not offered.
    case extensionNotOffered
    /// The server chose a subprotocol that was not offered, or several.
    case subprotocolNotOffered
}
