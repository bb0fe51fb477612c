/// The TLS of one connection and the sealed bytes that it has to send, without I/O.
///
/// The owner sends the output (`takeOutput`), one array at a time, and reports its end (`outputSent`). Belongs to the
/// reactor that has the connection, and moves with the connection to another one.
public final class TLSConnection: @unchecked Sendable {
    // `@unchecked`: see above; a transfer between reactors orders what both do.
    private var session: TLSSession
    /// Sealed bytes that wait for those that are being sent.
    private var waiting: [UInt8] = []
    /// Whether output is being sent.
    public private(set) var isSending = false
    /// Whether the session failed. Nothing but its alert is sent.
    public private(set) var hasFailed = false
    /// Whether the peer has ended its side (close_notify): no more plaintext follows.
    public private(set) var hasPeerEnded = false
    /// Whether this side has ended: nothing follows the output.
    public private(set) var hasEnded = false
    /// Whether the owner waits until all output is sent. `outputSent` returns it, and resets it.
    public var isAwaited = false

    /// The connection of a client that has not said hello.
    public init(server context: TLSServerContext) throws(TLSError) {
        session = try TLSSession(server: context)
    }

    /// The connection to a server. `receive` of no bytes begins the handshake.
    public init(client context: TLSClientContext, serverName: String) throws(TLSError) {
        session = try TLSSession(client: context, serverName: serverName)
    }

    /// Whether the handshake is complete.
    public var isEstablished: Bool { session.isEstablished }
    /// Whether the session was resumed from a ticket.
    public var isResumed: Bool { session.isResumed }
    /// Whether nothing is being sent, and nothing is to be sent.
    public var isIdle: Bool { !isSending && waiting.isEmpty }

    /// Takes received bytes and appends their plaintext. There may be output after it, also when it throws. The bytes
    /// of a failed session are dropped.
    public func receive(_ bytes: Span<UInt8>, into plaintext: inout [UInt8]) throws(TLSError) {
        guard !hasFailed else { return }
        do throws(TLSError) {
            if try session.receive(bytes, into: &plaintext, output: &waiting) == .ended { hasPeerEnded = true }
        } catch {
            hasFailed = true
            throw error
        }
    }

    /// Seals plaintext as further output.
    public func send(_ plaintext: Span<UInt8>) throws(TLSError) {
        do throws(TLSError) {
            try session.seal(plaintext, into: &waiting)
        } catch {
            hasFailed = true
            throw error
        }
    }

    /// Seals plaintext into the caller's array, for a send of the caller's own.
    ///
    /// - Precondition: `isIdle`, as records are received in the order in which they were sealed.
    public func seal(_ plaintext: Span<UInt8>, into output: inout [UInt8]) throws(TLSError) {
        precondition(isIdle, "sealed bytes overtake others")
        do throws(TLSError) {
            try session.seal(plaintext, into: &output)
        } catch {
            hasFailed = true
            throw error
        }
    }

    /// The rest of what the caller sealed and sent is being sent: `outputSent` follows.
    public func restIsSent() {
        precondition(isIdle, "two sends at a time")
        isSending = true
    }

    /// Ends this side after the output (close_notify).
    public func end() {
        guard !hasEnded else { return }
        hasEnded = true
        if !hasFailed { session.end(into: &waiting) }
    }

    /// The output to send now; nil when there is none, or while other output is being sent.
    public func takeOutput() -> [UInt8]? {
        guard !isSending, !waiting.isEmpty else { return nil }
        isSending = true
        defer { waiting = [] }
        return waiting
    }

    /// The output was sent. Whether the owner awaited this and no more output follows.
    public func outputSent() -> Bool {
        isSending = false
        guard waiting.isEmpty else { return false }
        defer { isAwaited = false }
        return isAwaited
    }
}
