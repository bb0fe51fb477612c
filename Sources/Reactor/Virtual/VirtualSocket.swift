import Primitives

/// A reactor's socket of one virtual connection, with the bytes in flight in both directions.
///
/// The other end is a `VirtualPeer`, which the names here treat as the client of a server, or another socket like this
/// one: the bytes that one of the two sends are then in the other's `incoming`.
///
/// As in the kernel, a socket ends when no descriptor and no operation in flight holds it any more: closing the
/// descriptor alone does not close a socket with an armed receive.
final class VirtualSocket {
    let address: PeerAddress
    let bufferByteCountMax: Int
    /// Bytes that the peer wrote and the server has not received.
    var incoming: [UInt8] = []
    /// Bytes that the server sent and the peer has not read; unused between two sockets.
    var outgoing: [UInt8] = []
    /// The other end's socket, for a connection that a driver opened; both ends release it when both are closed.
    private(set) var counterpart: VirtualSocket?
    /// The holders of the socket: direct descriptors, operations, and the queue of a listener.
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
    /// The server's side has ended.
    private(set) var isClosed = false
    /// The connection was reset, by either side.
    private(set) var isReset = false
    /// The reset was reported to the server; as in the kernel, only one operation gets `-ECONNRESET`.
    var isResetReported = false

    init(address: PeerAddress, bufferByteCountMax: Int) {
        self.address = address
        self.bufferByteCountMax = bufferByteCountMax
    }

    /// Joins two sockets into one connection.
    func join(_ other: VirtualSocket) {
        counterpart = other
        other.counterpart = self
    }

    /// The number of bytes that can be sent.
    var roomByteCount: Int { max(0, bufferByteCountMax - (counterpart?.incoming ?? outgoing).count) }
    /// Whether a wait for room ends: a third of the buffer is free, or sending would fail.
    var isWritable: Bool { isReset || isSendingEnded || roomByteCount * 3 >= bufferByteCountMax }

    func hold() { holderCount += 1 }

    /// Releases the socket; the last release ends it. Bytes that were not received turn the end into a reset (RFC 9293,
    /// 3.6.1).
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

    /// Ends both directions at once; bytes that the server had not received are lost.
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
            // After its receiving direction has ended, a kernel accepts bytes and drops them.
            // SAFETY: the bytes are copied before the call returns.
            if !counterpart.isReceivingEnded { unsafe counterpart.incoming.append(contentsOf: bytes) }
        } else {
            // SAFETY: the bytes are copied before the call returns.
            unsafe outgoing.append(contentsOf: bytes)
        }
    }
}
