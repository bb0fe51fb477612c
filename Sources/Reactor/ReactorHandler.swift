import Primitives

/// What a reactor tells the code that it serves. All calls come on the reactor's thread, one at a time; none may block.
///
/// A connection is named from `connectionAccepted`, `connectionArrived` or `Reactor.connect` to `connectionClosed` or
/// `connectFailed`; nothing is said of it before or after. After `Reactor.close` only `connectionClosed` follows.
public protocol ReactorHandler: AnyObject {
    /// What other threads send here.
    associatedtype Message: Sendable
    /// What travels with a connection that is passed between reactors.
    associatedtype Parcel: Sendable

    /// A listener accepted a connection, `Reactor.listener(of:)` says which; nothing is received until asked for. The
    /// address is nil when the kernel could not tell it, and for the side listener, which does not ask.
    func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?)
    /// A connection that `Reactor.connect` began is established; nothing is received until asked for.
    func connectionOpened(_ connection: ConnectionID, token: UInt64)
    /// A connection that `Reactor.connect` began came to nothing (`errno`), and its name is free: `ECONNREFUSED`,
    /// `ETIMEDOUT`, `EADDRNOTAVAIL` when the source address has no port left, `ENFILE` when no descriptor was.
    func connectFailed(token: UInt64, errnoValue: Int32)
    /// Another reactor passed a connection here.
    func connectionArrived(_ connection: ConnectionID, parcel: Parcel)
    /// The connection was not passed and is still here: the other table is full, or the other reactor has ended.
    func passFailed(_ connection: ConnectionID, parcel: Parcel)
    /// Bytes came. They may be changed in place (unmasking) and are gone when the call returns. A single receive is
    /// over; a multishot one goes on.
    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>)
    /// No more bytes will come: the peer ended its side (0), or the connection failed (`errno`).
    func receiveEnded(_ connection: ConnectionID, errnoValue: Int32)
    /// A `send` is through (0), or failed (`errno`).
    func sendCompleted(_ connection: ConnectionID, errnoValue: Int32)
    /// A quiet attempt sent only the first `byteCount` bytes: the socket is full. Comes from within
    /// `Reactor.submitAttempts`, before any other call.
    func attemptFellShort(_ connection: ConnectionID, byteCount: Int)
    /// An attempt that reports sent `byteCount` bytes, perhaps 0.
    func attemptCompleted(_ connection: ConnectionID, byteCount: Int)
    /// An attempt met a dead connection.
    func attemptFailed(_ connection: ConnectionID, errnoValue: Int32)
    /// There is room to write, or the connection failed and the next attempt will say so.
    func becameWritable(_ connection: ConnectionID)
    /// The connection is over and its name is free.
    func connectionClosed(_ connection: ConnectionID)
    /// The ordinary descriptor of a `Reactor.poll` is ready, or failed, as reading or writing it will show.
    func descriptorReady(_ number: UInt64)
    /// A timer is due.
    func timerFired(_ token: UInt64)
    /// A message came.
    func messageReceived(_ message: Message)
    /// All of the turn's events were told: the time to flush. True when work is left for another turn at once.
    func turnEnded() -> Bool
}

// Most handlers connect to nobody, and know no descriptors but the reactor's.
extension ReactorHandler {
    /// Traps: who calls `Reactor.poll` says what becomes of it.
    public func descriptorReady(_ number: UInt64) {
        preconditionFailure("this handler polls no descriptors")
    }

    /// Traps: who calls `Reactor.connect` says what becomes of it.
    public func connectionOpened(_ connection: ConnectionID, token: UInt64) {
        preconditionFailure("this handler opens no connections")
    }

    /// Traps: who calls `Reactor.connect` says what becomes of it.
    public func connectFailed(token: UInt64, errnoValue: Int32) {
        preconditionFailure("this handler opens no connections")
    }
}
