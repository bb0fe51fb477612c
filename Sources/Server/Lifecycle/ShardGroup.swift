import Auth
import Broker
import Glibc
import Logging
import Primitives
import Reactor
import Storage

/// The shards of a server with the reactors and threads that they run on, all on one kind of driver. Any thread.
protocol ShardGroup: Sendable {
    /// The number of shards.
    var count: Int { get }
    /// The kind of their drivers.
    var driver: DriverChoice { get }

    /// Introduces the shards to each other, before any of them sends a command, and begins the broker.
    func connect() async
    /// Accepts connections, and begins what the shards do by time.
    func begin(_ listeners: ServerListeners) async
    /// Applies what was read again of the settings, on each shard.
    func change(_ reload: ShardReload) async
    /// Asks the shards to say by `/readyz` that they will stop.
    func announceStop()
    /// Leaves new connections to another process that listens on the same addresses; false when there is none, and after
    /// `wait`, as reactors that were stopped do nothing.
    func steerConnections(within wait: Duration) async -> Bool
    /// Asks the shards to let the kernel drop what still begins a connection to this process.
    func ignoreNewConnections()
    /// Asks the shards to end their connections and then themselves.
    func drain()
    /// Stops the reactors at once.
    func stop()
    /// Returns when all threads have ended.
    func join() async
    /// Adds memberships, on the first shard.
    func importMembers(_ members: [Membership]) async throws(StorageError)
}

/// What all shards are made of.
struct ShardSetup: Sendable {
    private(set) var environment: ShardEnvironment
    let stores: ShardStores
    let images: any ImageStore
    let settings: TokenSettings
    let keys: KeyReloader?

    /// The same for reactors on drivers of that kind.
    func on(_ driver: DriverChoice) -> ShardSetup {
        var setup = self
        setup.environment.driver = driver
        return setup
    }
}

/// The shards on drivers of one type. The compiler specialises them, and all below them, for that type.
final class Shards<IO: SystemDriver>: ShardGroup {
    typealias DriverShard = Shard<IO>

    let driver: DriverChoice
    private let shards: [DriverShard]
    private let threads: [ReactorThread]

    var count: Int { shards.count }

    /// Starts a thread for each reactor, which creates its driver there. Throws the error of the first that cannot.
    init(
        on driver: DriverChoice, _ configuration: ServerConfiguration, _ setup: ShardSetup
    ) async throws(DriverError) {
        let limits = try Self.limits(configuration)
        var shards: [DriverShard] = []
        var threads: [ReactorThread] = []
        for index in 0..<configuration.reactorCount {
            let made: Result<DriverShard, DriverError> = await withCheckedContinuation { continuation in
                threads.append(
                    ReactorThread(name: "reactor-\(index)") {
                        if configuration.pinsReactors { ReactorThread.pinCurrent(toProcessor: index) }
                        Self.run(index, limits, configuration, setup.on(driver)) { continuation.resume(returning: $0) }
                    })
            }
            switch made {
            case .success(let shard): shards.append(shard)
            case .failure(let error):
                for shard in shards { shard.reactor.stop() }
                for thread in threads { thread.join() }
                throw error
            }
        }
        self.driver = driver
        self.shards = shards
        self.threads = threads
    }

    /// The limits of each reactor.
    private static func limits(_ configuration: ServerConfiguration) throws(DriverError) -> ReactorLimits {
        var limits = ReactorLimits()
        limits.descriptorCountMax = configuration.connectionsPerReactorMax
        if IO.sharesDescriptors {
            let reactorCount = configuration.reactorCount
            let limit = ServerConfiguration.descriptorLimit
            let share = (limit - ServerLimits.otherDescriptorCount(reactorCount: reactorCount)) / reactorCount
            guard share >= ServerLimits.descriptorShareMin else {
                throw .resource(
                    operation: "sharing \(limit) descriptors between \(reactorCount) reactors", errnoValue: EMFILE)
            }
            limits.descriptorCountMax = min(limits.descriptorCountMax, share)
            limits.descriptorReserveCount = min(limits.descriptorReserveCount, share / 8)
        }
        // A reactor that is alone receives no transfers.
        if configuration.reactorCount == 1 { limits.descriptorReserveCount = 0 }
        limits.receiveBufferByteCount = configuration.stream.receiveBufferByteCount
        limits.waitSpanMax = ServerLimits.reactorWaitMax
        return limits
    }

    /// Runs a reactor's thread: creates the driver on it, and runs until the reactor is stopped.
    private static func run(
        _ index: Int, _ limits: ReactorLimits, _ configuration: ServerConfiguration, _ setup: ShardSetup,
        _ made: (Result<DriverShard, DriverError>) -> Void
    ) {
        var limits = limits
        if index == 0, configuration.metricsListen != nil {
            limits.sideConnectionCountMax = ServerLimits.metricsConnectionCountMax
        }
        do throws(DriverError) {
            let driver = try IO(limits: limits)
            let reactor = DriverShard.ShardReactor(driver: driver, limits: limits)
            let socketLoop = ReactorSocketLoop<IO>(reactor)
            let shard = DriverShard(
                index: index, reactor: reactor, environment: setup.environment,
                storage: ShardStorage(
                    store: setup.stores.makeStore(on: socketLoop), images: setup.images,
                    orphanSeconds: configuration.orphanImageSeconds, socketLoop: socketLoop,
                    broker: setup.stores.makeBroker(on: socketLoop)),
                authenticator: Authenticator(settings: setup.settings, reloader: setup.keys))
            reactor.attach(shard)
            made(.success(shard))
            reactor.run()
            ShardStores.end(shard)
        } catch {
            made(.failure(error))
        }
    }

    func connect() async {
        for shard in shards { await Self.on(shard) { [shards] in $0.connect(to: shards) } }
        if let first = shards.first { await Self.on(first) { $0.storage.broker.begin($0) } }
    }

    func begin(_ listeners: ServerListeners) async {
        for shard in shards {
            await Self.on(shard) { shard in
                shard.startAccepting(listeners)
                shard.startHousekeeping()
            }
        }
    }

    func change(_ reload: ShardReload) async {
        for shard in shards { await Self.on(shard) { $0.change(reload) } }
    }

    func announceStop() {
        // A shard whose mailbox is full is asked to drain later, like the others.
        for shard in shards { _ = shard.reactor.post(.announceStop, from: nil) }
    }

    func steerConnections(within wait: Duration) async -> Bool {
        let (outcomes, outcome) = AsyncStream.makeStream(of: Bool.self)
        if let first = shards.first {
            Task(executorPreference: first.reactor) { [count] in
                outcome.yield(first.reactor.steerConnections(reactorCount: count))
            }
        }
        Task.detached {
            try? await Task.sleep(for: wait)
            outcome.yield(false)
        }
        return await outcomes.first { _ in true } ?? false
    }

    func ignoreNewConnections() {
        for shard in shards { Task(executorPreference: shard.reactor) { shard.reactor.ignoreNewConnections() } }
    }

    func drain() {
        for shard in shards where !shard.reactor.post(.drain, from: nil) { shard.reactor.stop() }
    }

    func stop() { for shard in shards { shard.reactor.stop() } }

    func join() async {
        await Task.detached { [threads] in for thread in threads { thread.join() } }.value
    }

    func importMembers(_ members: [Membership]) async throws(StorageError) {
        guard let shard = shards.first else { return }
        let outcome = await Task(executorPreference: shard.reactor) { () async -> Result<Void, StorageError> in
            do throws(StorageError) {
                try await shard.storage.store.importMembers(members, at: shard.civilTime)
                return .success(())
            } catch {
                return .failure(error)
            }
        }.value
        try outcome.get()
    }

    /// Runs `body` on a shard's own thread.
    private static func on(_ shard: DriverShard, _ body: @escaping @Sendable (DriverShard) -> Void) async {
        await Task(executorPreference: shard.reactor) { body(shard) }.value
    }
}
