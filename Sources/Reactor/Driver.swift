import Primitives

/// The one seam for I/O: operations in, completions out. The reactor is generic over it and specialised for it.
///
/// A driver belongs to one thread, the one that made it, except for its `waker`. Operations are queued and take
/// effect at the next `submit`, in their order. Each reports with the tag it was given, once, or several times while
/// `Completion.hasMore` is set; a quiet attempt reports only what did not go out whole.
///
/// Memory that an operation names stays valid and unchanged until its final completion; for attempts, until the next
/// `submit` has returned, as they never wait.
public protocol Driver: AnyObject, SendableMetatype {
    /// Wakes a driver from any thread.
    associatedtype Waker: DriverWaker
    /// Where another driver of the same kind is reached for `pass` and `wake`.
    associatedtype Address: Sendable

    /// The monotonic clock, or the simulation's.
    var now: MonotonicInstant { get }
    /// Wakes this driver from any thread.
    var waker: Waker { get }
    /// Where other drivers reach this one.
    var address: Address { get }
    /// The number of direct descriptors; slots are below it.
    var descriptorCountMax: Int { get }

    /// Accepts one connection of `listener`, or connections until a completion without `hasMore`.
    func accept(listener: Int32, isMultishot: Bool, tag: CompletionTag)
    /// Closes `listener`, of which no accept is under way.
    func closeListener(_ listener: Int32)
    /// Connects a new TCP socket with TCP_NODELAY, which it makes in the empty `slot`, below
    /// `outgoingConnectionCountMax`. Completes once, with 0 or with what failed; a socket may then stand in the slot in
    /// either case, and is to be closed. Both addresses are of one family.
    func connect(slot: UInt32, to address: SocketAddress, from source: PeerAddress?, tag: CompletionTag)
    /// Receives into a provided buffer, once or until a completion without `hasMore`.
    func receive(slot: UInt32, isMultishot: Bool, tag: CompletionTag)
    /// Sends all of `bytes`, waiting for room; completes with the count, short only when the connection failed.
    func send(slot: UInt32, bytes: UnsafeRawBufferPointer, tag: CompletionTag)
    /// Sends what the socket has room for at once; `EAGAIN` when it has none.
    func attempt(slot: UInt32, bytes: UnsafeRawBufferPointer, isQuiet: Bool, tag: CompletionTag)
    /// Completes when the socket has room or failed.
    func pollWritable(slot: UInt32, tag: CompletionTag)
    /// Completes, once, when an ordinary descriptor has bytes to read, or room to write, or failed. Readiness is looked
    /// at as the operation begins. The descriptor may be closed once the operation is cancelled.
    func pollDescriptor(_ descriptor: Int32, isForWriting: Bool, tag: CompletionTag)
    /// Ends the sending direction, or both.
    func shutdown(slot: UInt32, isBothDirections: Bool, tag: CompletionTag)
    /// Cancels the operations that have the tag `target`; each completes, most with `ECANCELED`. Its own result is
    /// how many these were: 0 when there was none that could be cancelled.
    func cancel(target: CompletionTag, tag: CompletionTag)
    /// Closes the descriptor and frees its slot.
    func close(slot: UInt32, tag: CompletionTag)
    /// Gives the descriptor to another driver as well, which completes `remoteTag` with its slot there.
    func pass(slot: UInt32, to address: Address, remoteTag: CompletionTag, tag: CompletionTag)
    /// Completes `remoteTag` at another driver, and so ends its wait. Completes here, with a tag of `Operation.wake`,
    /// only when it failed; then `wakeFailed` is to be called.
    func wake(_ address: Address, remoteTag: CompletionTag)
    /// Ends the wait of the driver that a failed `wake` was for, by its waker; `tag` is that of the failed completion.
    func wakeFailed(_ tag: CompletionTag)
    /// Writes the peer's address into memory of its own; `peerAddress(slot:)` reads it once the tag completed.
    func requestPeerAddress(slot: UInt32, tag: CompletionTag)
    /// The address that a completed request found; nil when the kernel could not tell.
    func takePeerAddress(slot: UInt32, result: Int32) -> PeerAddress?

    /// Hands the queued operations to the kernel.
    func submit()
    /// The same, then waits for a completion, a wake or the deadline; nil waits without end.
    func submitAndWait(until deadline: MonotonicInstant?)
    /// Moves completions into `buffer`, oldest first, and returns how many; fewer than its count when none is left.
    func drain(into buffer: UnsafeMutableBufferPointer<Completion>) -> Int
    /// The bytes of a receive buffer that a completion owns.
    func receivedBytes(bufferIndex: UInt16, byteCount: Int) -> UnsafeMutableBufferPointer<UInt8>
    /// Gives the buffer back.
    func recycle(bufferIndex: UInt16)
    /// Ends the driver and what is under way. False when operations may still be under way: the memory that they name
    /// is then never to be freed.
    func shutDown() -> Bool
}
