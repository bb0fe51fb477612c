import API
import Auth
import Chat
import Hub
import Primitives
import Reactor
import Sessions
import Storage

/// One reactor's part of the server: its connections, its shops, and the users and addresses that it counts.
///
/// Events of the reactor arrive here and become calls of values without I/O. Their results go out through the reactor.
/// All of it belongs to the reactor's thread. The data plane is the synchronous code that the reactor calls; requests
/// are tasks on the same thread. Other shards are reached by `onShard`, which moves a task there and back, or by a
/// command.
final class Shard<IO: Driver>: ReactorHandler, @unchecked Sendable {
    // @unchecked: tasks hold references to shards. Each touches a shard's state only on that shard's reactor, which
    // `onShard` ensures. `directory` is set before the first connection and never again.
    typealias ShardReactor = Reactor<Shard<IO>, IO>
    typealias Command = ShardCommand
    typealias Transfer = StreamTransfer

    let reactor: ShardReactor
    private(set) var environment: ShardEnvironment
    private(set) var directory: ShardDirectory<Shard<IO>>
    private(set) var outbox = ShardOutbox<ShardCommand>(shardCount: 0)
    var storage: ShardStorage<IO>

    // Connections
    let http: HTTPConnections
    let streams: StreamConnections
    let streamWaits: StreamWaits
    var hub: HubShard
    var pendingFlush = PendingFlush()
    // TLS
    var handshakes = Handshakes(
        countPerTurn: ServerLimits.handshakesPerTurn, countMax: ServerLimits.handshakeCountMax,
        waitingCountMax: ServerLimits.waitingHandshakeCountMax)
    let sealedSends = SealedSends()
    /// The memory for the plaintext of received bytes; empty between them.
    var receivedPlaintext: [UInt8] = []
    /// Connections whose peers have ended their side of TLS, which their sessions wait for.
    var endedPeers: [ConnectionID] = []

    /// The tasks that work on requests.
    private(set) lazy var requestTasks = TaskPool<Request>(
        on: reactor, waitingCountMax: ServerLimits.waitingTaskCountMax
    ) { [unowned self] in await handle($0) }

    // What requests may do, and which users make them
    var authenticator: Authenticator
    var userLimits: UserLimits
    var addressLimits: AddressLimits
    var memberships = MembershipWatch()
    var shops = Shops()
    var awaitedTraces = AwaitedTraces()
    private var randomBytes = RandomBytes()

    var drainProgress = DrainProgress()
    /// The streams that are still to end, while the server stops.
    var streamDrain: StreamDrain?
    var memoryTrim = MemoryTrim()
    var counters = ShardCounters()

    init(
        index: Int, reactor: ShardReactor, environment: ShardEnvironment, storage: ShardStorage<IO>,
        authenticator: Authenticator
    ) {
        self.reactor = reactor
        self.environment = environment
        self.storage = storage
        self.authenticator = authenticator
        directory = ShardDirectory(ownIndex: index)
        http = HTTPConnections(requestIDs: RequestIDs(shardIndex: index, startedAt: environment.api.startedAt))
        let configuration = environment.configuration
        streams = StreamConnections(capacity: reactor.connectionCountMax)
        streamWaits = environment.streamWaits.ofReactor(index, of: configuration.reactorCount)
        var hubLimits = HubLimits()
        hubLimits.waitingMessageCountMax = configuration.stream.waitingMessageCountMax
        hub = HubShard(limits: hubLimits, subscriberCapacity: reactor.connectionCountMax)
        userLimits = UserLimits(
            configuration.userLimits, streams: StreamLimitSettings(configuration.stream), shardIndex: index)
        addressLimits = AddressLimits(
            connectionCountMax: configuration.connectionsPerAddressMax,
            userAttemptsPerMinuteMax: configuration.stream.attemptsPerMinuteMax)
    }

    /// Sets the other shards. Called once, before the first connection.
    func connect(to shards: [Shard<IO>]) {
        directory = ShardDirectory(ownIndex: directory.ownIndex, members: shards)
        outbox = ShardOutbox(shardCount: shards.count)
    }

    /// Applies the settings that a reload has changed. Open streams and connections stay open.
    func change(_ reload: ShardReload) {
        environment.change(reload.configuration, demo: reload.demo)
        let configuration = reload.configuration
        userLimits.change(configuration.userLimits, streams: StreamLimitSettings(configuration.stream))
        addressLimits.change(
            connectionCountMax: configuration.connectionsPerAddressMax,
            userAttemptsPerMinuteMax: configuration.stream.attemptsPerMinuteMax)
        if let keys = reload.keys { authenticator.replaceKeys(keys) }
    }

    func nextRandomPair() -> (UInt64, UInt64) { randomBytes.nextPair() }

    // MARK: - Other shards

    var index: Int { directory.ownIndex }

    /// The shard that owns a shop.
    func owner(of shop: ShopID) -> Shard<IO> { directory[directory.ownerIndex(of: shop)] }

    /// The shard that counts a user's streams, requests and attempts.
    func owner(of user: UserID) -> Shard<IO> { directory[directory.ownerIndex(of: user)] }

    /// Runs `body` on another shard's reactor and returns its result. Without a hop when the shard is this one.
    func onShard<Result: Sendable>(
        _ shard: Shard<IO>, _ body: @Sendable (Shard<IO>) async -> Result
    ) async -> Result {
        await on(shard, body)
    }

    /// Sends a command to another shard, or performs it at once when it is for this one. Commands to one shard arrive
    /// in their order.
    func send(_ command: ShardCommand, to shardIndex: Int) {
        guard shardIndex != index else { return commandReceived(command) }
        let target = directory[shardIndex].reactor
        outbox.send(command, to: shardIndex) { target.post($0, from: reactor) }
    }

    /// Posts the commands again that full mailboxes refused.
    private func retryOutbox() {
        guard !outbox.isEmpty else { return }
        let shards = directory
        outbox.retry { shards[$1].reactor.post($0, from: reactor) }
    }

    /// Drops the pending commands that have no effect once no shard has a connection left.
    func dropDispensableCommands() { outbox.removeAll(where: \.isDispensableAfterDrain) }

    // MARK: - Events of the reactor

    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        if let transport = streams.withValue(connection, { $0.transport }) {
            guard case .tls(let tls) = transport else { return streamReceived(connection, &bytes) }
            sealedBytesReceived(connection, tls, bytes.span)
        } else if let state = http[connection] {
            switch state.transport {
            case .plain: httpReceived(connection, state, bytes.span)
            case .awaitingHello: helloReceived(connection, state, bytes.span)
            case .tls(let tls): sealedBytesReceived(connection, tls, bytes.span)
            }
        }
    }

    /// The bytes of a connection's protocol, as its session gets them.
    func plaintextReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        if streams.contains(connection) {
            streamReceived(connection, &bytes)
        } else if let state = http[connection] {
            httpReceived(connection, state, bytes.span)
        }
    }

    /// The transport of a connection; nil when it has ended.
    func transport(of connection: ConnectionID) -> Transport? {
        http[connection]?.transport ?? streams.withValue(connection) { $0.transport }
    }

    func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) {
        if streams.contains(connection) {
            report(connection) { errnoValue == 0 ? $0.peerEnded() : $0.connectionFailed() }
        } else if let state = http[connection] {
            report(connection, state) { $0.connectionEnded() }
        } else {
            reactor.close(connection)
        }
    }

    func connectionClosed(_ connection: ConnectionID) {
        if let state = http.remove(connection) {
            if let timer = state.timer { reactor.cancel(timer) }
            releaseUpload(state)
            releaseReservation(state)
            setHeldMemory(state, 0)
            endSending(state, isSent: false)
            endSpan(state, isSent: false)
            endIdleWait(state, isIdle: false)
            if state.listener == .main, environment.certificates != nil { handshakes.ended(connection) }
            if state.isCounted, let address = state.address { release(address) }
            memoryReleased()
        } else if streams.contains(connection) {
            report(connection) { $0.connectionFailed() }
            if let timer = streams.remove(connection)?.timer { reactor.cancel(timer) }
            streams.heldInput.remove(connection)
            if let address = streams.addresses.removeValue(forKey: connection) { release(address) }
        }
    }

    func commandReceived(_ command: ShardCommand) {
        switch command {
        case .releaseSlot(let reserved): userLimits.release(reserved)
        case .streamOpened(let reserved): streamOpened(reserved)
        case .replaceStream(let ticket): replaceStream(ticket)
        case .releaseAddress(let address): addressLimits.releaseConnection(of: address)
        case .userLimit(let change): userLimitChanged(change)
        case .membershipsChanged(let scope): membershipsChanged(scope)
        case .recheckMemberships(let scope): memberships.recheck(scope)
        case .brokerReported(let event): publish(event)
        case .readinessChanged(let state): _ = storage.readiness.become(state)
        case .announceStop: announceStop()
        case .drain: drain()
        case .drained: drainProgress.shardDrained()
        }
    }

    func descriptorReady(_ number: UInt64) { storage.socketLoop.descriptorReady(number) }

    func timerFired(_ token: UInt64) {
        switch TimerToken(rawValue: token) {
        case .shard(.housekeeping): housekeepingFired()
        case .shard(.membershipLook): membershipLookFired()
        case .shard(.readiness): checkReadiness()
        case .shard(.memoryTrim): trimTimerFired()
        case .shard(.streamDrain): endDueStreams()
        case .socketLoop(let number): storage.socketLoop.timerFired(number)
        case .connection(let connection): timerFired(connection)
        case nil: preconditionFailure("a timer that no one has set")
        }
    }

    private func timerFired(_ connection: ConnectionID) {
        if let state = http[connection] {
            if let timer = state.timer { reactor.cancel(timer) }
            state.timer = nil
            report(connection, state) { $0.timerFired(at: reactor.now) }
        } else if streams.contains(connection) {
            streamTimerFired(connection)
        }
    }

    func turnEnded() -> Bool {
        let isInputLeft = continueInput()
        reportEndedPeers()
        flush()
        // After the flush, whose submission sends the responses too. A request that was waiting may publish.
        reactor.completeSends()
        retryOutbox()
        endPieceTurn()
        endHandshakeTurn()
        reactor.turnWantedAt = MonotonicInstant.earlier(http.pieceTurns.nextTurnAt, handshakes.nextTurnAt)
        if drainProgress.isDraining { finishDrainIfIdle() }
        return isInputLeft || pendingFlush.isNeeded || !outbox.isEmpty || !endedPeers.isEmpty
    }
}
