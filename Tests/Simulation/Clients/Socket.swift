import Primitives
import Reactor

/// A client's end of a connection, with the bytes that it still has to write.
final class Socket {
    let context: RunContext
    private let peer: VirtualPeer
    private(set) var unwritten: [UInt8] = []
    private(set) var isEnded = false
    /// When the client last wrote or read a byte.
    private(set) var lastMoved: MonotonicInstant

    private let listener: Int32
    private var isAnswered = false

    init(_ peer: VirtualPeer, listener: Int32, context: RunContext) {
        self.peer = peer
        self.listener = listener
        self.context = context
        lastMoved = context.network.now
    }

    var isReset: Bool { peer.isReset }
    /// No more bytes will arrive.
    var isOver: Bool { peer.isReset || peer.isAtEnd }
    /// Bytes arrived that were not read yet.
    var hasArrivals: Bool { peer.readableByteCount > 0 }
    /// Nothing went either way for so long that a time limit of the server may have passed.
    var isStale: Bool { context.network.now.since(lastMoved) > .seconds(8) }

    /// The reactor has not accepted the connection yet, for want of room, as far as a client can tell.
    var isKeptWaiting: Bool { !isAnswered && context.isCrowded(listener) }

    func send(_ bytes: [UInt8]) { unwritten += bytes }

    /// Writes some of what waits, at most `byteCountMax`.
    func write(byteCountMax: Int = .max) {
        guard !isEnded, !unwritten.isEmpty else { return }
        let count = peer.write(unwritten.prefix(byteCountMax))
        if count > 0 { lastMoved = context.network.now }
        unwritten.removeFirst(count)
        context.ledger.trace.note(1, count)
    }

    func read(byteCountMax: Int = .max) -> [UInt8] {
        let bytes = peer.read(byteCountMax: byteCountMax)
        if !bytes.isEmpty {
            lastMoved = context.network.now
            isAnswered = true
        }
        context.ledger.trace.note(2, bytes.count)
        return bytes
    }

    /// Ends the sending direction after what was written.
    func end() {
        isEnded = true
        peer.end()
    }

    func close() {
        isEnded = true
        peer.close()
    }

    func reset() {
        isEnded = true
        peer.reset()
    }
}
