/// The server's socket of one virtual connection, with what is on its way in both directions.
///
/// As in the kernel, it ends when neither a descriptor nor an operation under way holds it any more: closing the
/// descriptor alone does not close a socket that a receive is armed on.
final class VirtualSocket {
    let address: PeerAddress
    let bufferByteCountMax: Int
    /// Bytes that the peer wrote and the server has not received.
    var incoming: [UInt8] = []
    /// Bytes that the server sent and the peer has not read.
    var outgoing: [UInt8] = []
    /// Direct descriptors and operations that hold the socket, and the queue of a listener.
    private var holderCount = 1
    /// The peer ended its sending direction.
    var isPeerEnded = false
    /// The peer closed: it reads no more.
    var isPeerClosed = false
    /// The server ended its sending direction.
    var isSendingEnded = false
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

    /// Room for sending.
    var roomByteCount: Int { max(0, bufferByteCountMax - outgoing.count) }
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
    }

    /// Ends both directions at once; what the server had not received is lost.
    func reset() {
        isReset = true
        incoming.removeAll()
    }

    /// Sends `bytes`; a peer that closed answers with a reset.
    func append(_ bytes: UnsafeRawBufferPointer) {
        if isPeerClosed {
            reset()
        } else {
            // SAFETY: the bytes are copied before the call returns.
            unsafe outgoing.append(contentsOf: bytes)
        }
    }
}
