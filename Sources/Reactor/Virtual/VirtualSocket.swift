import Primitives

/// A reactor's socket of one virtual connection, with what is on its way in both directions.
///
/// The other end is a `VirtualPeer`, whom the names here take for the client of a server, or another socket like this
/// one: then what one sends stands in the other's `incoming`.
///
/// As in the kernel, it ends when neither a descriptor nor an operation under way holds it any more: closing the
/// descriptor alone does not close a socket that a receive is armed on.
final class VirtualSocket {
    let address: PeerAddress
    let bufferByteCountMax: Int
    /// Bytes that the peer wrote and the server has not received.
    var incoming: [UInt8] = []
    /// Bytes that the server sent and the peer has not read; unused between two sockets.
    var outgoing: [UInt8] = []
    /// The other end's socket, for a connection that a driver opened; both ends let go when both are closed.
    private(set) var counterpart: VirtualSocket?
    /// Direct descriptors and operations that hold the socket, and the queue of a listener.
    private var holderCount = 1
    /// The peer ended its sending direction.
    var isPeerEnded = false
    /// The peer closed: it reads no more.
    var isPeerClosed = false
    /// The server ended its sending direction.
    var isSendingEnded = false {
        didSet { counterpart?.isPeerEnded = isSendingEnded }
    }
    /// The server ended its receiving direction.
    var isReceivingEnded = false
    /// The server's side is gone.
    private(set) var isClosed = false
    /// The connection was reset, by either side.
    private(set) var isReset = false
    /// The reset was reported to the server; as in the kernel, only one operation gets `-ECONNRESET`.
    var isResetReported = false

    init(address: PeerAddress, bufferByteCountMax: Int) {
        self.address = address
        self.bufferByteCountMax = bufferByteCountMax
    }

    /// Joins two sockets to one connection.
    func join(_ other: VirtualSocket) {
        counterpart = other
        other.counterpart = self
    }

    /// Room for sending.
    var roomByteCount: Int { max(0, bufferByteCountMax - (counterpart?.incoming ?? outgoing).count) }
    /// Whether a wait for room ends: a third of the buffer is free, or sending would fail.
    var isWritable: Bool { isReset || isSendingEnded || roomByteCount * 3 >= bufferByteCountMax }

    func hold() { holderCount += 1 }

    /// Lets go; the last one ends the socket. Bytes that nobody received turn the end into a reset (RFC 9293, 3.6.1).
    func release() {
        holderCount -= 1
        precondition(holderCount >= 0, "a socket was released more often than it was held")
        guard holderCount == 0 else { return }
        isClosed = true
        isSendingEnded = true
        if !incoming.isEmpty { reset() }
        guard let counterpart else { return }
        counterpart.isPeerClosed = true
        guard counterpart.isClosed else { return }
        counterpart.counterpart = nil
        self.counterpart = nil
    }

    /// Ends both directions at once; what the server had not received is lost.
    func reset() {
        guard !isReset else { return }
        isReset = true
        incoming.removeAll()
        counterpart?.reset()
    }

    /// Sends `bytes`; a peer that closed answers with a reset.
    func append(_ bytes: UnsafeRawBufferPointer) {
        if isPeerClosed {
            reset()
        } else if let counterpart {
            // After its receiving direction ended, a kernel takes bytes and drops them.
            // SAFETY: the bytes are copied before the call returns.
            if !counterpart.isReceivingEnded { unsafe counterpart.incoming.append(contentsOf: bytes) }
        } else {
            // SAFETY: the bytes are copied before the call returns.
            unsafe outgoing.append(contentsOf: bytes)
        }
    }
}
