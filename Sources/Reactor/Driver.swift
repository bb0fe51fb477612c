import Primitives

/// The one seam for I/O: operations in, completions out. The reactor is generic over the driver and specialised for it.
///
/// A driver belongs to the thread that created it, except for its `waker`. Operations are queued and take effect in their
/// order, at the latest with the next `submit`. Each reports with its tag: once, or several times while `Completion.hasMore` is set.
/// A `trySend` to a connection of a group reports only when it did not send all bytes.
///
/// Memory that an operation names must stay valid and unchanged until its final completion. For `trySend`, which never
/// waits, this is until the next `submit` has returned.
public protocol Driver: AnyObject, SendableMetatype {
    /// Wakes a driver from any thread.
    associatedtype Waker: DriverWaker
    /// The address at which another driver of the same kind reaches this one, for `transfer` and `wake`.
    associatedtype Address: Sendable

    /// The monotonic clock, or the simulation's.
    var now: MonotonicInstant { get }
    /// Wakes this driver from any thread.
    var waker: Waker { get }
    /// The address at which other drivers reach this one.
    var address: Address { get }
    /// The number of direct descriptors; slots are below it.
    var descriptorCountMax: Int { get }

    /// Prepares a listening socket for `accept`; once, before the first.
    func prepareListener(_ listener: Int32)
    /// Accepts one connection of `listener`, or connections until a completion without `hasMore`.
    func accept(listener: Int32, isMultishot: Bool, tag: CompletionTag)
    /// Closes `listener`, which has no accept in flight.
    func closeListener(_ listener: Int32)
    /// Creates a TCP socket with TCP_NODELAY in the empty `slot`, below `outgoingConnectionCountMax`, and connects it.
    /// Completes once, with 0 or with the error of the step that failed. In either case the slot may then contain a
    /// socket, which must be closed. Both addresses are of one family.
    func connect(slot: UInt32, to address: SocketAddress, from source: PeerAddress?, tag: CompletionTag)
    /// Receives into a provided buffer, once or until a completion without `hasMore`.
    func receive(slot: UInt32, isMultishot: Bool, tag: CompletionTag)
    /// Sends all of `bytes` and waits for room. Completes with the byte count, which is short only when the connection
    /// failed.
    func send(slot: UInt32, bytes: UnsafeRawBufferPointer, tag: CompletionTag)
    /// Sends at once as much as the socket has room for; `EAGAIN` when it has none. As one of a group (`isInGroup`) it
    /// reports only when it did not send all bytes.
    func trySend(slot: UInt32, bytes: UnsafeRawBufferPointer, isInGroup: Bool, tag: CompletionTag)
    /// Completes when the socket has room or has failed.
    func pollWritable(slot: UInt32, tag: CompletionTag)
    /// Completes once, when an ordinary descriptor is readable (or writable, if `isForWriting`) or has failed.
    /// Readiness is checked when the operation begins. The descriptor may be closed once the operation is cancelled.
    func pollDescriptor(_ descriptor: Int32, isForWriting: Bool, tag: CompletionTag)
    /// Ends the sending direction, or both directions.
    func shutdown(slot: UInt32, isBothDirections: Bool, tag: CompletionTag)
    /// Cancels the operations with the tag `target`; each of them completes, most with `ECANCELED`. The result of the
    /// cancel is their number: 0 when there was none that could be cancelled.
    func cancel(target: CompletionTag, tag: CompletionTag)
    /// Closes the descriptor and frees its slot.
    func close(slot: UInt32, tag: CompletionTag)
    /// Transfers the descriptor to another driver, which then has it as well and completes `remoteTag` with its slot
    /// there.
    func transfer(slot: UInt32, to address: Address, remoteTag: CompletionTag, tag: CompletionTag)
    /// Completes `remoteTag` at another driver, which ends its wait. Completes here, with a tag of `Operation.wake`,
    /// only when it failed; the reactor then calls `wakeFailed`.
    func wake(_ address: Address, remoteTag: CompletionTag)
    /// Ends the wait of the driver that a failed `wake` was for, through its waker; `tag` is that of the failed
    /// completion.
    func wakeFailed(_ tag: CompletionTag)
    /// Writes the peer's address into the driver's memory; `takePeerAddress` reads it once the tag has completed.
    func requestPeerAddress(slot: UInt32, isIPv6: Bool, tag: CompletionTag)
    /// The address from a completed request; nil when the kernel could not determine it.
    func takePeerAddress(slot: UInt32, result: Int32) -> PeerAddress?

    /// Passes the queued operations to the kernel.
    func submit()
    /// The same, then waits for a completion, a wake or the deadline; nil waits without limit.
    func submitAndWait(until deadline: MonotonicInstant?)
    /// Moves completions into `buffer`, oldest first, and returns their number, which is below its count when none is
    /// left.
    func drain(into buffer: UnsafeMutableBufferPointer<Completion>) -> Int
    /// The bytes of a receive buffer that a completion owns.
    func receivedBytes(bufferIndex: UInt16, byteCount: Int) -> UnsafeMutableBufferPointer<UInt8>
    /// Returns the buffer to the driver.
    func recycle(bufferIndex: UInt16)
    /// Ends the driver and the operations in flight. False when operations may still be in flight: the memory that they
    /// name must then never be freed.
    func shutDown() -> Bool
}

/// A driver on what the operating system offers.
public protocol SystemDriver: Driver {
    /// Whether RLIMIT_NOFILE bounds the connections of all drivers of the process together, not those of each.
    static var sharesDescriptors: Bool { get }

    /// Creates a driver on the calling thread, which must be the one that uses it. Throws when the system lacks or
    /// forbids what the driver needs, or when a limit is too low; each error says what to do.
    init(limits: ReactorLimits) throws(DriverError)
}
