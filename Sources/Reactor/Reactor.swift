import Glibc
import Primitives
import Synchronization

/// One event loop on one thread: it waits for completions, tells its handler, and is the executor of the tasks that
/// belong to its connections.
///
/// Everything but `post(_:from:)`, `wake`, `stop` and the executor's `enqueue` belongs to the reactor's own thread,
/// which made it. The reactor owns the driver, the table of descriptors, the timers and the mailbox.
@safe public final class Reactor<Handler: ReactorHandler, IO: Driver>: @unchecked Sendable {
    // @unchecked: the state below belongs to the thread that runs the loop; other threads touch only `mailbox`,
    // `parcels`, `inbox`, `isAsleep`, `isStopping`, `waker` and `address`, which are made for it.

    /// The limits that it was made with.
    public let limits: ReactorLimits
    let driver: IO
    let waker: IO.Waker
    let address: IO.Address
    let mailbox: Mailbox<Handler.Message>
    /// Parcels of connections on their way here.
    let parcels = ParcelInbox<Handler.Parcel>()
    let inbox = JobInbox()
    let isAsleep = Atomic<Bool>(false)
    let isStopping = Atomic<Bool>(false)
    /// `pthread_self` of the thread that made the reactor.
    let ownerThread: pthread_t

    var handlerReference: Handler?
    let descriptors: DescriptorTable
    var wheel: TimingWheel
    /// Buffers of `send` operations under way, by slot.
    var sends: [UInt32: OwnedSend] = [:]
    /// The callers' tokens of connections that are being established, by slot.
    var connectTokens: [UInt32: UInt64] = [:]
    /// Tokens of connects that found no free slot; told with the turn's completions.
    var refusedConnectTokens: [UInt64] = []
    /// Connections that are being passed to other reactors, by slot.
    var passes: [UInt32: Pass] = [:]
    var recorded: CompletionQueue
    var jobs: JobQueue<UnownedJob>
    var clock: ServiceClock
    var timerGate: TimerGate
    /// Completions put into `recorded`, over all time.
    var recordedCount: UInt64 = 0
    /// A receive of this turn found no buffer and is repeated in the next.
    var hasBufferShortage = false
    /// Until when the last wait would have lasted, if the turn that it began found nothing to do.
    var idleUntil: MonotonicInstant?
    var dueTokens: [UInt64] = []
    var listeners = ListenerStates()
    /// Completions are being taken from the driver into `recorded`.
    var isRecording = false
    /// Work was left when the last turn ended.
    var leftover = false
    /// When a turn is wanted at the latest, on the driver's clock and to its precision and not that of the timing wheel:
    /// for a handler that does something at exact times in `turnEnded`. Nil, as at first, for no such time.
    public var turnWantedAt: MonotonicInstant?
    /// The number, or negated `errno`, of the last descriptor made by `UringDriver.install`.
    var installedDescriptor: Int32?
    /// Counters for metrics; read them on the reactor's thread.
    public internal(set) var statistics = ReactorStatistics()
    /// The time at which the current turn began, on the clock of deadlines and timers: spans in which the reactor was
    /// kept from running are left out of it (`ServiceClock`). Measurements read the driver's clock.
    public var now: MonotonicInstant { clock.now }
    /// The time at which the current turn began, on the driver's clock.
    public var turnBeganAt: MonotonicInstant { clock.readAt }
    /// A time on the driver's clock as one on the clock of deadlines: right unless the reactor is kept from running
    /// before then, and late by that span then.
    public func deadline(at instant: MonotonicInstant) -> MonotonicInstant { clock.deadline(at: instant) }

    /// A reactor on `driver`, which the calling thread has made; `run` or `turn` must come from the same thread.
    public init(driver: IO, limits: ReactorLimits) {
        precondition(
            limits.descriptorReserveCount + limits.sideConnectionCountMax < driver.descriptorCountMax,
            "the reserves leave no room")
        self.limits = limits
        self.driver = driver
        waker = driver.waker
        address = driver.address
        mailbox = Mailbox(messageCountMax: limits.mailboxMessageCountMax)
        ownerThread = pthread_self()
        descriptors = DescriptorTable(
            count: driver.descriptorCountMax, outgoingCount: limits.outgoingConnectionCountMax)
        let now = driver.now
        clock = ServiceClock(now: now)
        wheel = TimingWheel(now: now)
        jobs = JobQueue(limits.jobs)
        // With all buffers for them, so many turns give each connection's receive one.
        timerGate = TimerGate(shortageCountMax: driver.descriptorCountMax / max(1, limits.receiveBufferCount) + 2)
        recorded = CompletionQueue()
    }

    deinit {
        descriptors.deallocate()
        recorded.deallocate()
    }

    /// The handler, from `attach` on.
    public var handler: Handler {
        guard let handlerReference else { preconditionFailure("the reactor has no handler yet") }
        return handlerReference
    }

    /// Says who handles events; once, before the first turn.
    public func attach(_ handler: Handler) {
        precondition(handlerReference == nil, "the reactor has a handler")
        handlerReference = handler
    }

    /// Whether the caller runs on the reactor's thread.
    public var isCurrent: Bool { pthread_equal(pthread_self(), ownerThread) != 0 }

    /// Connections that are open, closing or being passed.
    public var connectionCount: Int { descriptors.usedCount }
    /// The most connections that there can be.
    public var connectionCountMax: Int { descriptors.count }
    /// The names of those connections; O(table).
    public var connections: [ConnectionID] { descriptors.connections }
    /// The driver, for what only a certain kind of driver can do.
    public var io: IO { driver }
}
