import CLiburing
import Glibc
import Primitives

/// The driver on epoll, for where io_uring is missing or forbidden: each operation is a system call of its own.
///
/// A call that need not wait is made at once, when the operation is queued. The others wait for an event. Each socket is
/// watched from its beginning to its end, for changes only (`EPOLLET`), so an event is a hint that the driver keeps:
/// `EpollSocket.Flags.readable` and `.writable` hold until a call finds no bytes or no room. A socket that another driver
/// takes over moves there with its descriptor.
public final class EpollDriver: SystemDriver {
    /// What an event is about: the upper half of its token. The lower half is a slot or a descriptor.
    enum Source: UInt32 {
        case socket
        case listener
        case descriptor
        case waker
    }

    /// A listening socket with accepts in flight, oldest first.
    struct Listener {
        var accepts = FIFOQueue<Accept>()
        var isWatched = false
    }

    /// An accept in flight.
    struct Accept {
        let tag: CompletionTag
        let isMultishot: Bool
    }

    /// See `SystemDriver`: descriptors are ordinary ones.
    public static var sharesDescriptors: Bool { true }

    let set: EpollSet
    /// See `Driver`.
    public let address: EpollInbox
    /// See `Driver`.
    public let descriptorCountMax: Int
    let outgoingCount: Int
    var sockets: [EpollSocket]
    /// The free slots from `outgoingCount` on; the last is taken first.
    var freeSlots: [UInt32]
    var buffers: ReceiveBuffers
    /// Completions that wait for `drain`.
    var completions = FIFOQueue<Completion>()
    /// Slots with a receive in flight and bytes that were announced.
    var receivable: [UInt32] = []
    /// The sends that `submit` makes.
    var tries: [WaitingTry] = []
    /// The sends that wait for room, by slot.
    var sends: [UInt32: WaitingSend] = [:]
    var listeners: [Int32: Listener] = [:]
    /// The ordinary descriptors that were polled, and the descriptor of each poll in flight.
    var polled: [Int32: PolledDescriptor] = [:]
    var pollOwners: [CompletionTag: Int32] = [:]
    /// Addresses that were requested and not taken yet, by slot.
    var peerAddresses: [UInt32: PeerAddress] = [:]

    /// A driver for the calling thread. Throws when the process has no descriptor left.
    public init(limits: ReactorLimits) throws(DriverError) {
        let wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wakeDescriptor >= 0 else { throw .resource(operation: "eventfd", errnoValue: errno) }
        do throws(DriverError) {
            set = try EpollSet()
        } catch {
            Glibc.close(wakeDescriptor)
            throw error
        }
        descriptorCountMax = limits.descriptorCountMax
        outgoingCount = limits.outgoingConnectionCountMax
        sockets = Array(repeating: EpollSocket(), count: limits.descriptorCountMax)
        freeSlots = (UInt32(outgoingCount)..<UInt32(limits.descriptorCountMax)).reversed()
        buffers = ReceiveBuffers(count: limits.receiveBufferCount, byteCount: limits.receiveBufferByteCount)
        address = EpollInbox(slotCount: freeSlots.count, waker: EventWaker(descriptor: wakeDescriptor))
        // Nothing reads the counter: each write is a change, which ends a wait, and its 64 bits suffice.
        let status = set.add(wakeDescriptor, for: [.readable, .edge], token: Self.token(.waker, 0))
        precondition(status == 0, "the waker cannot be watched (errno \(status))")
    }

    /// The monotonic clock.
    public var now: MonotonicInstant { EventBell.now }

    /// Writes to the event descriptor.
    public var waker: EventWaker { address.waker }

    static func token(_ source: Source, _ value: UInt32) -> UInt64 { UInt64(source.rawValue) << 32 | UInt64(value) }

    /// Closes all sockets, those on their way here too; see `Driver`. No call is in progress, so no memory is in use.
    @discardableResult
    public func shutDown() -> Bool {
        address.close()
        for socket in sockets where socket.descriptor >= 0 && !socket.has(.moved) { Glibc.close(socket.descriptor) }
        // The wake descriptor stays open: another thread may still hold the waker, and its number must not be reused.
        set.close()
        buffers.deallocate()
        return true
    }

    /// Reports a result with the next `drain`.
    func post(_ tag: CompletionTag, _ result: Int32, flags: UInt32 = 0) {
        completions.append(Completion(tag: tag, result: result, flags: flags))
    }
}
