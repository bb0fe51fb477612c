import Primitives
import Reactor
import TLS

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
    /// Nil when the connection is plain. Then `sealed` are the bytes of TLS that the socket has yet to take, `opened`
    /// the plaintext that the client has yet to read.
    private let tls: TLSConnection?
    private var sealed: [UInt8] = []
    private var opened: [UInt8] = []
    private var hasOpened: Bool
    /// The records of TLS that arrived.
    private(set) var records = TLSRecordLengths()
    /// Whether the sending direction ends once `sealed` was written.
    private var isEnding = false

    init(_ peer: VirtualPeer, listener: Int32, context: RunContext, tls: TLSConnection? = nil) {
        self.peer = peer
        self.listener = listener
        self.context = context
        self.tls = tls
        hasOpened = tls == nil
        lastMoved = context.network.now
    }

    var isReset: Bool { peer.isReset }
    /// No more bytes will arrive.
    var isOver: Bool { opened.isEmpty && (peer.isReset || peer.isAtEnd || tls?.hasPeerEnded == true) }
    /// Bytes arrived that were not read yet. Of TLS, the first plaintext counts, and not what comes before it.
    var hasArrivals: Bool {
        continueHandshake()
        return !opened.isEmpty || hasOpened && peer.readableByteCount > 0
    }
    /// Nothing went either way for so long that a time limit of the server may have passed.
    var isStale: Bool { context.network.now.since(lastMoved) > .seconds(8) }

    /// The reactor has not accepted the connection yet, for want of room, as far as a client can tell.
    var isKeptWaiting: Bool { !isAnswered && context.isCrowded(listener) }

    /// Takes what arrived of TLS before the first plaintext.
    func continueHandshake() {
        if let tls, !hasOpened { open(peer.read(), tls) }
    }

    func send(_ bytes: [UInt8]) { unwritten += bytes }

    /// Writes some of what waits, at most `byteCountMax`.
    func write(byteCountMax: Int = .max) {
        if isEnding { return finishEnd() }
        guard !isEnded else { return }
        if let tls { return writeSealed(tls, byteCountMax: byteCountMax) }
        guard !unwritten.isEmpty else { return }
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
        guard let tls else { return bytes }
        open(bytes, tls)
        let plaintext = Array(opened.prefix(byteCountMax))
        opened.removeFirst(plaintext.count)
        return plaintext
    }

    /// Ends the sending direction after what was written.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        isEnding = true
        if let tls {
            tls.end()
            takeSealed(tls)
        }
        finishEnd()
    }

    /// Ends the socket's sending direction once the bytes of TLS were written.
    private func finishEnd() {
        sealed.removeFirst(peer.write(sealed))
        guard sealed.isEmpty || peer.isReset else { return }
        isEnding = false
        peer.end()
    }

    /// Writes bytes of TLS first. Plaintext is sealed once the handshake is complete and all before it was written.
    private func writeSealed(_ tls: TLSConnection, byteCountMax: Int) {
        if sealed.isEmpty, tls.isEstablished, !tls.hasFailed, !unwritten.isEmpty {
            let part = Array(unwritten.prefix(byteCountMax))
            unwritten.removeFirst(part.count)
            do throws(TLSError) { try tls.send(part.span) } catch { return }
        }
        open([], tls)
        takeSealed(tls)
        guard !sealed.isEmpty else { return }
        let count = peer.write(sealed.prefix(byteCountMax))
        if count > 0 { lastMoved = context.network.now }
        sealed.removeFirst(count)
        context.ledger.trace.note(1, count)
    }

    private func takeSealed(_ tls: TLSConnection) {
        guard let output = tls.takeOutput() else { return }
        sealed += output
        _ = tls.outputSent()
    }

    /// Opens received bytes; none begin the handshake.
    private func open(_ bytes: [UInt8], _ tls: TLSConnection) {
        records.received(bytes)
        do throws(TLSError) {
            try tls.receive(bytes.span, into: &opened)
            if !opened.isEmpty { hasOpened = true }
        } catch {
            context.ledger.violate("TLS failed at a client: \(error)")
        }
    }

    func close() {
        (isEnded, isEnding) = (true, false)
        peer.close()
    }

    func reset() {
        (isEnded, isEnding) = (true, false)
        peer.reset()
    }
}
