import Glibc
import Primitives
import Synchronization

/// One event loop on one thread: it waits for completions, notifies its handler, and is the executor of the tasks that
/// belong to its connections.
///
/// Everything except `post(_:from:)`, `wake`, `stop` and the executor's `enqueue` belongs to the reactor's own thread,
/// which created it. The reactor owns the driver, the table of descriptors, the timers and the mailbox.
@safe public final class Reactor<Handler: ReactorHandler, IO: Driver>: @unchecked Sendable {
    // @unchecked: the state below belongs to the thread that runs the loop; other threads access only `mailbox`,
    // `incomingTransfers`, `inbox`, `isAsleep`, `isStopping`, `waker` and `address`, which are safe to share.

    /// The limits of this reactor.
    public let limits: ReactorLimits
    let driver: IO
    let waker: IO.Waker
    let address: IO.Address
    let mailbox: Mailbox<Handler.Command>
    /// The inbox of connections in transfer to this reactor.
    let incomingTransfers = TransferInbox<Handler.Transfer>()
    let inbox = JobInbox()
    let isAsleep = Atomic<Bool>(false)
    let isStopping = Atomic<Bool>(false)
    /// `pthread_self` of the thread that created the reactor.
    let ownerThread: pthread_t

    var handlerReference: Handler?
    let descriptors: DescriptorTable
    var wheel: TimingWheel
    /// The bytes of `send` operations in flight.
    var sends: [ConnectionID: OwnedSend] = [:]
    /// The sends of `sendPromptly` that were not completed yet, in their order.
    var promptSends: [PromptSend] = []
    /// Whether some of them may not be submitted yet.
    var arePromptSendsQueued = false
    /// The callers' tokens of connections that are being established, by slot.
    var connectTokens: [UInt32: UInt64] = [:]
    /// The tokens of connects that found no free slot; reported with the turn's completions.
    var refusedConnectTokens: [UInt64] = []
    /// Connections in transfer to other reactors, by slot.
    var outgoingTransfers: [UInt32: OutgoingTransfer] = [:]
    var recorded: CompletionQueue
    var jobs: JobQueue<UnownedJob>
    /// Whether a job is running now.
    var isRunningJob = false
    /// Whether the job that is queued next begins the work on an item, and runs at once.
    var isStarting = false
    var startedJob: UnownedJob?
    /// Pools with items that wait, in the order in which they began to.
    var waitingWork: [any WaitingWork] = []
    /// The reactor as its tasks see it, from the first job on.
    var executor: UnownedTaskExecutor?
    var clock: ServiceClock
    var timerGate: TimerGate
    /// The number of completions put into `recorded`, over all time.
    var recordedCount: UInt64 = 0
    /// Receive buffers of completions in `recorded`, and of the one that is being handled.
    var heldReceiveBufferCount = 0
    /// A receive of this turn found no buffer and is retried in the next turn.
    var hasBufferShortage = false
    /// The deadline of the last wait, if the turn after that wait found nothing to do.
    var idleUntil: MonotonicInstant?
    var dueTokens: [UInt64] = []
    var listeners = ListenerStates()
    /// Whether completions are being taken from the driver into `recorded`.
    var isRecording = false
    /// Whether work was left when the last turn ended.
    var leftover = false
    /// The latest time at which a turn is wanted, on the driver's clock and with its precision, not that of the timing
    /// wheel: for a handler that acts at exact times in `turnEnded`. Nil, which is the default, for no such time.
    public var turnWantedAt: MonotonicInstant?
    /// The number, or negated `errno`, of the last descriptor that `UringDriver.install` created.
    var installedDescriptor: Int32?
    /// Counters for metrics; read them on the reactor's thread.
    public internal(set) var statistics = ReactorStatistics()
    /// The time at which the current turn began, on the clock of deadlines and timers, which leaves out spans in which
    /// the reactor could not run (`ServiceClock`). Measurements use the driver's clock.
    public var now: MonotonicInstant { clock.now }
    /// The time at which the current turn began, on the driver's clock.
    public var turnBeganAt: MonotonicInstant { clock.readAt }
    /// Converts a time on the driver's clock to the clock of deadlines. The result is exact unless the reactor cannot
    /// run for a span before that time; then it is late by that span.
    public func deadline(at instant: MonotonicInstant) -> MonotonicInstant { clock.deadline(at: instant) }

    /// A reactor on `driver`, which the calling thread created; `run` or `turn` must be called on the same thread.
    public init(driver: IO, limits: ReactorLimits) {
        precondition(
            limits.descriptorReserveCount + limits.sideConnectionCountMax < driver.descriptorCountMax,
            "the reserves leave no room")
        self.limits = limits
        self.driver = driver
        waker = driver.waker
        address = driver.address
        mailbox = Mailbox(commandCountMax: limits.mailboxCommandCountMax)
        ownerThread = pthread_self()
        descriptors = DescriptorTable(
            count: driver.descriptorCountMax, outgoingCount: limits.outgoingConnectionCountMax)
        let now = driver.now
        clock = ServiceClock(now: now)
        wheel = TimingWheel(now: now)
        jobs = JobQueue(limits.jobs)
        // If all buffers serve them, this many rounds provide one buffer for each connection's receive.
        timerGate = TimerGate(shortageRoundCountMax: driver.descriptorCountMax / max(1, limits.receiveBufferCount) + 2)
        recorded = CompletionQueue()
    }

    deinit {
        descriptors.deallocate()
        recorded.deallocate()
    }

    /// The handler, once `attach` was called.
    public var handler: Handler {
        guard let handlerReference else { preconditionFailure("the reactor has no handler yet") }
        return handlerReference
    }

    /// Sets the handler of events; once, before the first turn.
    public func attach(_ handler: Handler) {
        precondition(handlerReference == nil, "the reactor has a handler")
        handlerReference = handler
    }

    /// Whether the caller runs on the reactor's thread.
    public var isCurrent: Bool { pthread_equal(pthread_self(), ownerThread) != 0 }

    /// The number of connections that are being established, open, closing or in transfer.
    public var connectionCount: Int { descriptors.usedCount }
    /// The maximum number of connections.
    public var connectionCountMax: Int { descriptors.count }
    /// The identifiers of those connections; O(table).
    public var connections: [ConnectionID] { descriptors.connections }
    /// Commands of other threads that are pending, about.
    public var pendingCommandCount: Int { mailbox.count }
    /// The driver, for what only one kind of driver can do.
    public var io: IO { driver }
}
