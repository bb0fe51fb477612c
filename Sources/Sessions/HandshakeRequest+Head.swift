package import HTTP
package import WebSocket

extension HandshakeRequest {
    /// What the head of a request says about the handshake. O(bytes of its fields); allocates only for the subprotocols
    /// that the client offers.
    package init(_ head: RequestHead) {
        self.init(isGet: head.isGet, isHTTP11: head.version == .http11)
        head.forEachValue(of: .upgrade) { add(.upgrade, $0) }
        head.forEachValue(of: .connection) { add(.connection, $0) }
        head.forEachValue(of: .transferEncoding) { add(.transferEncoding, $0) }
        head.forEachValue(of: .contentLength) { add(.contentLength, $0) }
        head.forEachValue(of: .webSocketKey) { add(.key, $0) }
        head.forEachValue(of: .webSocketVersion) { add(.version, $0) }
        head.forEachValue(of: .webSocketProtocol) { add(.subprotocols, $0) }
    }
}
