/// The client's end of a virtual connection. Belongs to the thread that drives the network.
public final class VirtualPeer {
    private let socket: VirtualSocket

    init(_ socket: VirtualSocket) { self.socket = socket }

    /// Whether the connection was reset, by either side, or refused at accept.
    public var isReset: Bool { socket.isReset }
    /// Whether the server ended its sending direction and the peer has read all that it sent: the end of the stream.
    public var isAtEnd: Bool { socket.isSendingEnded && socket.outgoing.isEmpty }
    /// Whether the server's socket has ended.
    public var isServerClosed: Bool { socket.isClosed }
    /// Bytes that `read` would return.
    public var readableByteCount: Int { socket.outgoing.count }

    /// Sends the first of `bytes`, as many as there is room for, and returns their number; 0 once the connection has
    /// ended. A write to a server that has closed resets the connection.
    public func write(_ bytes: some Collection<UInt8>) -> Int {
        precondition(!socket.isPeerEnded, "a peer that ended its side writes")
        if socket.isClosed { socket.reset() }
        guard !socket.isReset else { return 0 }
        let count = min(bytes.count, max(0, socket.bufferByteCountMax - socket.incoming.count))
        // After its receiving direction has ended, the server's kernel accepts bytes and drops them.
        if !socket.isReceivingEnded { socket.incoming.append(contentsOf: bytes.prefix(count)) }
        return count
    }

    /// Reads what the server sent, at most `byteCountMax` bytes; what was sent before a reset can still be read.
    public func read(byteCountMax: Int = .max) -> [UInt8] {
        let bytes = Array(socket.outgoing.prefix(byteCountMax))
        socket.outgoing.removeFirst(bytes.count)
        return bytes
    }

    /// Ends the sending direction; reading continues.
    public func end() { socket.isPeerEnded = true }

    /// Closes: the server reads to the end, and a reset answers what it sends from now on.
    public func close() {
        socket.isPeerEnded = true
        socket.isPeerClosed = true
        if !socket.outgoing.isEmpty { socket.reset() }
        socket.outgoing.removeAll()
    }

    /// Resets the connection.
    public func reset() { socket.reset() }
}
