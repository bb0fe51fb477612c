import Auth
import HTTP
import Hub
import Logging
import Primitives
import Reactor
import Storage
import Synchronization
import WebSocket

/// One reactor's part of the server: its connections, its shops, its users' places, its counters.
///
/// All of it belongs to the reactor's thread. The data plane is the synchronous code that the reactor calls; requests
/// are tasks on the same thread. Other shards are reached by `onShard`, which moves a task there and back, or by a
/// message.
final class Shard<IO: Driver>: ReactorHandler, @unchecked Sendable {
    // @unchecked: tasks carry references to shards; each touches a shard's state only on that shard's reactor, which
    // `onShard` sees to. `peers` is set before the first connection and never again.
    typealias ShardReactor = Reactor<Shard<IO>, IO>

    /// What one shard tells another.
    enum Message: Sendable {
        /// A stream ended whose user this shard counts.
        case releasePlace(ConnectionLimiter.Place)
        /// The same where streams are replaced.
        case releaseTicket(StreamTicket, ConnectionLimiter.Place)
        /// A stream was opened whose user this shard counts, where streams are replaced.
        case streamOpened(StreamTicket, ConnectionLimiter.Place)
        /// A stream of this shard's was replaced.
        case replaceStream(StreamTicket)
        /// Memberships were made, changed or ended.
        case membershipsChanged(MembershipScope)
        /// A shard could not look at memberships that changed; to the first.
        case recheckMemberships(MembershipScope)
        /// Somebody else changed a message of a shop that this shard owns.
        case storeChanged(StoreChange)
        /// A connection ended whose address this shard counts.
        case releaseAddress(PeerAddress)
        /// A user whom this shard counts has ended something, or gets something back.
        case userLimit(UserLimitChange)
        /// The first shard's look at the store said something new.
        case readinessChanged(ReadinessCheck.State)
        /// The server stops.
        case drain
        /// A shard that drains has no connection left.
        case drained
    }
    typealias Parcel = StreamArrival

    let index: Int
    let reactor: ShardReactor
    let configuration: ServerConfiguration
    let store: any Store
    /// The reactor as the loop of `store`, when that has connections of its own.
    let postgresLoop: ReactorPostgresLoop<IO>?
    /// Hears what others change in the database; on the first shard only.
    var storeListener: PostgresListener?
    let images: any ImageStore
    let imageLinks: ImageLinks
    let routes: ListenerRoutes
    let log: Logger
    let startedAt: Timestamp
    let demo: DemoSession?
    var civilClock = CivilClock.system
    /// All shards, this one included, by index.
    private(set) var peers: [Shard<IO>] = []

    // Connections
    var http: [ConnectionID: HTTPConnection] = [:]
    let streams: SlotTable<StreamConnection>
    var responseWriter = ResponseWriter()
    /// The addresses of those streams whose connections are counted by address; beside `streams`, as few servers do.
    var streamAddresses: [ConnectionID: PeerAddress] = [:]
    let handshake = ServerHandshake(subprotocols: ["shopstream.v2"])
    let heartbeatSchedule: Heartbeat.Schedule
    /// What streams have sent beyond their frames of a turn.
    var heldInput = HeldInput()
    /// Which bodies are worked on in this turn, a piece each.
    var pieceTurns = PieceTurns(countMax: ServerLimits.piecesPerTurn)

    // The hub
    var hub: HubShard
    var isFlushNeeded = false
    /// Connections whose close frame went out in the submission under way.
    var closedFrames: [ConnectionID] = []
    /// When the publications of this turn came, for the latency of broadcasts.
    var publishedAt: [MonotonicInstant] = []

    // Control plane
    let verifier: TokenVerifier
    /// The keys of all reactors, when they come from a file, and which of them `verifier` has.
    let tokenKeys: TokenKeys?
    var keysVersion: UInt64 = 0
    /// By a hash of the user under this process's random key: a million users' names would be most of the memory.
    var attemptsByUser: AttemptLimiter<Int>
    var attemptsByAddress: AttemptLimiter<PeerAddress>
    var places: ConnectionLimiter
    /// The order of the streams of those users, and the tickets of this shard's streams, where streams are replaced.
    var streamOrder = StreamOrder()
    var streamTickets = StreamTickets()
    var userLimits: UserLimits
    var signedReads = SignedReads()
    /// Open connections of the addresses that this shard counts.
    var connectionsByAddress: [PeerAddress: Int] = [:]
    var clocks: [ShopID: ShopClock] = [:]
    var memberships = MembershipCache(
        timeToLive: ServerLimits.membershipTimeToLive, countMax: ServerLimits.cachedMembershipCountMax)
    /// Counts the changes of memberships that were told: a look-up that one overtook is not remembered.
    var membershipVersion: UInt64 = 0
    /// Up to where the first shard knows the changes of memberships.
    var membershipPosition: Int64?
    /// When the first shard reads them because of notifications.
    var membershipLooks = MembershipLooks()
    /// What is told once more, and in which round.
    var membershipRechecks: [MembershipScope: UInt64] = [:]
    /// Counts the rounds of housekeeping.
    var housekeepingRound: UInt64 = 0
    /// Whether orphaned images are being looked for.
    var isSearchingOrphans = false
    /// Uploads in flight on this reactor.
    var uploadCount = 0
    var messageTotals = MessageTotals(shopCountMax: ServerLimits.messageTotalShopCountMax)
    /// What the responses take that are being made or under way: see `holdResponseMemory`.
    var responseByteCount = 0
    /// For each shard the messages that its full mailbox did not take: they go again at the end of each turn.
    private(set) var undelivered: [[Message]] = []

    /// What the last look at the store said.
    var readiness = ReadinessCheck()

    // The end
    var isDraining = false
    var isDrained = false
    /// Shards that have no connection left, this one included.
    var drainedShardCount = 0

    var counters = ShardCounters()

    init(
        index: Int, reactor: ShardReactor, configuration: ServerConfiguration, store: any Store,
        postgresLoop: ReactorPostgresLoop<IO>? = nil, images: any ImageStore,
        linkSigner: LinkSigner? = nil, tokenSettings: TokenSettings, tokenKeys: TokenKeys? = nil, demo: DemoSession?,
        startedAt: Timestamp, log: Logger
    ) {
        self.index = index
        self.reactor = reactor
        self.configuration = configuration
        self.store = store
        self.images = images
        imageLinks = ImageLinks(
            publicURL: configuration.publicURL, prefixes: configuration.routePrefixes, signer: linkSigner)
        self.postgresLoop = postgresLoop
        self.demo = demo
        self.startedAt = startedAt
        self.log = log
        self.tokenKeys = tokenKeys
        routes = ListenerRoutes(configuration)
        streams = SlotTable(capacity: reactor.connectionCountMax)
        heartbeatSchedule = Heartbeat.Schedule(
            pingPeriod: configuration.stream.pingPeriod, pongWait: configuration.stream.pongWait)
        var limits = HubLimits()
        limits.waitingMessageCountMax = configuration.stream.waitingMessageCountMax
        hub = HubShard(limits: limits, subscriberCapacity: reactor.connectionCountMax)
        verifier = TokenVerifier(settings: tokenSettings)
        // With the setting 0, for no limit, they are not asked.
        let attemptsMax = max(1, configuration.stream.attemptsPerMinuteMax)
        attemptsByUser = AttemptLimiter(attemptCountMax: attemptsMax)
        attemptsByAddress = AttemptLimiter(
            attemptCountMax: min(attemptsMax * ServerLimits.addressAttemptFactor, Auth.Limits.attemptCountMax))
        userLimits = UserLimits(configuration.userLimits)
        places = ConnectionLimiter(connectionsPerUserMax: configuration.stream.connectionsPerUserMax)
    }

    /// Tells who the other shards are; once, before the first connection.
    func connect(to peers: [Shard<IO>]) {
        self.peers = peers
        undelivered = peers.map { _ in [] }
    }

    // MARK: - Where things live

    /// The shard that owns a shop.
    func owner(of shop: ShopID) -> Shard<IO> { peers[Int(shop.stableHash % UInt64(peers.count))] }

    /// The shard that counts a user's attempts and places.
    func owner(of user: UserID) -> Shard<IO> { peers[Int(user.stableHash % UInt64(peers.count))] }

    /// Runs `body` on another shard's reactor and comes back with its result. Without a hop when it is this one.
    func onShard<Result: Sendable>(
        _ shard: Shard<IO>, _ body: @Sendable (Shard<IO>) async -> Result
    ) async -> Result {
        if shard === self { return await body(self) }
        return await withTaskExecutorPreference(shard.reactor) { await Self.run(on: shard, body) }
    }

    @concurrent
    private static func run<Result: Sendable>(
        on shard: Shard<IO>, _ body: @Sendable (Shard<IO>) async -> Result
    ) async -> Result {
        precondition(shard.reactor.isCurrent, "a task did not reach the shard's reactor")
        return await body(shard)
    }

    /// Sends a message to another shard; one for a full mailbox is kept and sent again, and those behind it wait for it:
    /// messages arrive in their order.
    func post(_ message: Message, to shardIndex: Int) {
        if shardIndex == index {
            messageReceived(message)
        } else if !undelivered[shardIndex].isEmpty || !peers[shardIndex].reactor.post(message, from: reactor) {
            undelivered[shardIndex].append(message)
        }
    }

    /// Whether messages wait for a mailbox.
    var isDelivering: Bool { undelivered.contains { !$0.isEmpty } }

    private func postUndelivered() {
        for shardIndex in undelivered.indices where !undelivered[shardIndex].isEmpty {
            let reactor = peers[shardIndex].reactor
            let refused = undelivered[shardIndex].firstIndex { !reactor.post($0, from: self.reactor) }
            undelivered[shardIndex].removeFirst(refused ?? undelivered[shardIndex].count)
        }
    }

    /// Gives up the waiting messages that `isDispensable`.
    func removeUndelivered(where isDispensable: (Message) -> Bool) {
        for shardIndex in undelivered.indices { undelivered[shardIndex].removeAll(where: isDispensable) }
    }

    // MARK: - Events of the reactor

    func bytesReceived(_ connection: ConnectionID, _ bytes: inout MutableSpan<UInt8>) {
        if streams.contains(connection) {
            streamReceived(connection, &bytes)
        } else if let state = http[connection] {
            httpReceived(connection, state, bytes.span)
        }
    }

    func receiveEnded(_ connection: ConnectionID, errnoValue: Int32) {
        if streams.contains(connection) {
            if errnoValue == 0, isAnswerOwed(connection) { return }
            streamEnded(connection, reason: errnoValue == 0 ? .clientGone : .connectionError)
        }
        reactor.close(connection)
    }

    func connectionClosed(_ connection: ConnectionID) {
        if let state = http.removeValue(forKey: connection) {
            if let timer = state.timer { reactor.cancel(timer) }
            releaseUpload(state)
            releaseReservation(state)
            setHeldMemory(state, 0)
            endSending(state)
            if state.isCounted, let address = state.address { release(address) }
        } else if streams.contains(connection) {
            streamEnded(connection, reason: .connectionError)
            if let timer = streams.remove(connection)?.timer { reactor.cancel(timer) }
            heldInput.remove(connection)
            if let address = streamAddresses.removeValue(forKey: connection) { release(address) }
        }
    }

    func messageReceived(_ message: Message) {
        switch message {
        case .releasePlace(let place): places.release(place)
        case .releaseTicket(let ticket, let place): ticketReleased(ticket, place)
        case .streamOpened(let ticket, let place): streamOpened(ticket, place)
        case .replaceStream(let ticket): replaceStream(ticket)
        case .membershipsChanged(let scope): membershipsChanged(scope)
        case .recheckMemberships(let scope): recheckMemberships(scope)
        case .storeChanged(let change): broadcast(change)
        case .releaseAddress(let address): addressReleased(address)
        case .userLimit(let change): userLimitChanged(change)
        case .readinessChanged(let state): _ = readiness.become(state)
        case .drain: drain()
        case .drained: drainedShardCount += 1
        }
    }

    func descriptorReady(_ number: UInt64) { postgresLoop?.descriptorReady(number) }

    func timerFired(_ token: UInt64) {
        switch TimerToken(rawValue: token) {
        case .shard(.housekeeping): housekeepingFired()
        case .shard(.membershipLook): membershipLookFired()
        case .shard(.readiness): checkReadiness()
        case .postgres(let number): postgresLoop?.timerFired(number)
        case .connection(let connection): timerFired(connection)
        case nil: preconditionFailure("a timer that no one has set")
        }
    }

    private func timerFired(_ connection: ConnectionID) {
        if let state = http[connection] {
            state.timer = nil
            httpTimedOut(connection, state)
        } else if streams.contains(connection) {
            streamTimerFired(connection)
        }
    }

    func turnEnded() -> Bool {
        let isInputLeft = continueInput()
        let isFlushLeft = flush()
        postUndelivered()
        endPieceTurn()
        if isDraining { finishDrainIfIdle() }
        return isInputLeft || isFlushLeft || isDelivering
    }
}
