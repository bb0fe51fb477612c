import Primitives

/// What a reactor reports its events to. All calls come on the reactor's thread, one at a time; none may block.
///
/// A connection has an identifier from `connectionAccepted`, `connectionTransferred` or `Reactor.connect` to
/// `connectionClosed` or `connectFailed`; there are no events of it before or after. After `Reactor.close` only
/// `connectionClosed` follows.
///
/// The events are those of four roles: the life of a connection, its bytes, sends that do not wait, and turns of the
/// loop.
public protocol ReactorHandler: ConnectionHandler, ByteHandler, TrySendHandler, TurnHandler {}

/// The life of a connection.
public protocol ConnectionHandler: AnyObject {
    /// The data that accompanies a connection in transfer between reactors.
    associatedtype Transfer: Sendable

    /// A listener accepted a connection; `Reactor.listener(of:)` names the listener. Nothing is received before
    /// `Reactor.receive` is called. The address is nil when the kernel could not determine it, and for the side
    /// listener, which does not request it.
    func connectionAccepted(_ connection: ConnectionID, from address: PeerAddress?)
    /// A connection that `Reactor.connect` began is established. Nothing is received before `Reactor.receive` is
    /// called.
    func connectionOpened(_ connection: ConnectionID, token: UInt64)
    /// A connection that `Reactor.connect` began failed (`errno`), and its identifier is free: `ECONNREFUSED`,
    /// `ETIMEDOUT`, `EADDRNOTAVAIL` when the source address had no free port, `ENFILE` when no descriptor was free.
    func connectFailed(token: UInt64, errnoValue: Int32)
    /// Another reactor transferred a connection here.
    func connectionTransferred(_ connection: ConnectionID, transfer: Transfer)
    /// A transfer failed and the connection is still here: the other table is full, or the other reactor has ended.
    func transferFailed(_ connection: ConnectionID, transfer: Transfer)
    /// The connection has ended and its identifier is free.
    func connectionClosed(_ connection: ConnectionID)
}

/// The bytes of a connection.
public protocol ByteHandler: AnyObject {
    /// Bytes arrived. They may be changed in place (unmasking) and are valid only until the call returns. A single
    /// receive has ended; a multishot receive continues.
    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>)
    /// No more bytes will arrive: the peer ended its side (0), or the connection failed (`errno`).
    func receiveEnded(_ connection: ConnectionID, errnoValue: Int32)
    /// A `send` completed (0) or failed (`errno`).
    func sendEnded(_ connection: ConnectionID, errnoValue: Int32)
}

/// The results of sends that do not wait (`Reactor.trySend`, `Reactor.trySendInGroup`).
public protocol TrySendHandler: AnyObject {
    /// A `trySendInGroup` sent only the first `byteCount` bytes: the socket is full. Called from within
    /// `Reactor.submit`, before any other call.
    func shortSend(_ connection: ConnectionID, byteCount: Int)
    /// A `trySend` sent `byteCount` bytes, possibly 0.
    func sendCompleted(_ connection: ConnectionID, byteCount: Int)
    /// A `trySend` or `trySendInGroup` failed: the connection is dead.
    func sendFailed(_ connection: ConnectionID, errnoValue: Int32)
    /// The socket has room, or the connection failed and the next send will report it.
    func becameWritable(_ connection: ConnectionID)
}

/// The turns of the loop, and what comes from outside of connections.
public protocol TurnHandler: AnyObject {
    /// What other threads order this reactor's handler to do, through the mailbox.
    associatedtype Command: Sendable

    /// A command of another thread was taken from the mailbox.
    func commandReceived(_ command: Command)
    /// A timer is due.
    func timerFired(_ token: UInt64)
    /// The ordinary descriptor of a `Reactor.poll` is ready or has failed; reading or writing it shows which.
    func descriptorReady(_ number: UInt64)
    /// All of the turn's events were reported: flush now. True when work is left and another turn should follow at
    /// once.
    func turnEnded() -> Bool
}

// Most handlers open no connections and poll no descriptors.
extension ConnectionHandler {
    /// Traps: a handler that uses `Reactor.connect` implements this.
    public func connectionOpened(_ connection: ConnectionID, token: UInt64) {
        preconditionFailure("this handler opens no connections")
    }

    /// Traps: a handler that uses `Reactor.connect` implements this.
    public func connectFailed(token: UInt64, errnoValue: Int32) {
        preconditionFailure("this handler opens no connections")
    }
}

extension TurnHandler {
    /// Traps: a handler that uses `Reactor.poll` implements this.
    public func descriptorReady(_ number: UInt64) {
        preconditionFailure("this handler polls no descriptors")
    }
}
