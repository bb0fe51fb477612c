import Auth
import Broker
import Chat
import Hub
import Logging
import Primitives
import Sessions
import Storage
import Synchronization

@testable import Reactor
@testable import Server

/// The server of a run: real shards on real reactors over the drivers of one virtual network, all on one thread.
final class SimulatedServer {
    typealias VirtualShard = Shard<VirtualDriver>

    let context: RunContext
    let store: SimulatedStore
    private(set) var shards: [VirtualShard] = []
    private let civilOrigin = CivilOrigin(RunContext.origin)
    private var drainPosted: [Bool] = []

    init(_ context: RunContext, settings: TokenSettings) throws {
        self.context = context
        let scenario = context.scenario
        store = SimulatedStore(scenario, chance: context.chance, ledger: context.ledger)
        let configuration = try scenario.configuration
        let log = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        let environment = ShardEnvironment(
            configuration, certificates: scenario.hasTLS ? SimulatedTLS.certificates : nil,
            startedAt: RunContext.origin, civilClock: .counted(from: civilOrigin), log: log)
        for index in 0..<scenario.reactorCount {
            var limits = scenario.limits
            if scenario.hasMetricsListener, index == 0 { limits.sideConnectionCountMax = 4 }
            let driver = VirtualDriver(network: context.network, limits: limits)
            let reactor = VirtualShard.ShardReactor(driver: driver, limits: limits)
            let shard = VirtualShard(
                index: index, reactor: reactor, environment: environment,
                storage: ShardStorage(
                    store: store, images: MemoryImageStore(), orphanSeconds: configuration.orphanImageSeconds,
                    socketLoop: ReactorSocketLoop(reactor), broker: LocalBroker()),
                authenticator: Authenticator(settings: settings))
            reactor.attach(shard)
            shards.append(shard)
        }
        for shard in shards {
            shard.connect(to: shards)
            let listener = context.network.listen(backlogCountMax: 16)
            context.listeners.append(listener)
            shard.reactor.startAccepting(listener)
        }
        if scenario.hasMetricsListener {
            let listener = context.network.listen(backlogCountMax: 16)
            context.metricsListener = listener
            shards[0].reactor.startAccepting(listener, as: .side)
        }
        drainPosted = shards.map { _ in false }
        loadMembers()
    }

    /// Makes every user a member of every shop.
    private func loadMembers() {
        let rows = context.scenario.shopNames.flatMap { shop in
            context.scenario.userNames.map { Membership(shopID: ShopID(shop), userID: UserID($0), role: .member) }
        }
        let store = store
        let loaded = Flag()
        Task(executorPreference: shards[0].reactor) {
            do { try await store.importMembers(rows, at: RunContext.origin) } catch { preconditionFailure("\(error)") }
            loaded.isSet = true
        }
        while !loaded.isSet { shards[0].reactor.turn() }
    }

    /// Set on the simulation's thread, read on it.
    private final class Flag: @unchecked Sendable {
        var isSet = false
    }

    /// A canary: reserves a quota slot that is never released.
    func leakPlace() {
        let user = UserID(context.scenario.userNames[0])
        _ = shards[0].owner(of: user).userLimits.reserveSlot(for: user, shopOwner: 0)
    }

    /// The wall clock is set back by up to ten seconds, for all shards alike.
    func setClockBack() {
        civilOrigin.setBack(byMicroseconds: Int64(context.chance.number(0...10_000_000)))
        context.ledger.count("clock set back")
    }

    /// One shard takes other limits, as in the middle of a reload: the others have theirs. No limit of streams is above
    /// the scenario's.
    func reloadOne() {
        let shard = context.chance.pick(shards)
        var configuration = shard.environment.configuration
        configuration.stream.connectionsPerUserMax = context.chance.number(1...context.scenario.connectionsPerUserMax)
        configuration.userLimits.readCountMax = context.chance.pick([0, 1, 8])
        configuration.userLimits.writesPerSecond = context.chance.pick([0, 3, 60])
        configuration.userLimits.writeCountBurst = context.chance.pick([3, 60])
        configuration.connectionsPerAddressMax = context.chance.pick([0, 1_000])
        shard.change(ShardReload(configuration: configuration, keys: nil, demo: nil))
        context.ledger.count("reloads")
    }

    // MARK: - Time and turns

    /// One turn of a reactor that runs, chosen by chance.
    func turnOne() { turn(context.chance.pick(shards)) }

    func turnAll() { for shard in shards { turn(shard) } }

    private func turn(_ shard: VirtualShard) {
        guard !isStopped(shard) else { return }
        shard.reactor.turn()
        context.ledger.trace.note(7, shard.index, Int(context.network.now.nanoseconds), shard.reactor.connectionCount)
    }

    private func isStopped(_ shard: VirtualShard) -> Bool {
        shard.reactor.isStopping.load(ordering: .sequentiallyConsistent)
    }

    var isStopped: Bool { shards.allSatisfy { isStopped($0) } }

    /// Posts the drain to every shard; to be repeated while a mailbox is full.
    func postDrain() {
        for index in shards.indices where !drainPosted[index] {
            drainPosted[index] = shards[index].reactor.post(.drain, from: nil)
        }
    }
}

// MARK: - Checks

extension SimulatedServer {
    /// The streams of each user that are in the hub, over all shards.
    private func streamCounts() -> [StreamQuota.Slot: Int] {
        var counts: [StreamQuota.Slot: Int] = [:]
        for shard in shards {
            for connection in shard.streams.connections {
                let slot = shard.streams.withValue(connection) { $0.session.isOpen ? $0.slot : nil }
                if let slot = slot ?? nil { counts[slot, default: 0] += 1 }
            }
        }
        return counts
    }

    /// What must hold after every turn.
    func checkInvariants() {
        for (_, count) in streamCounts() where count > context.scenario.connectionsPerUserMax {
            context.ledger.violate("\(count) streams of a user limited to \(context.scenario.connectionsPerUserMax)")
        }
        for shard in shards {
            context.ledger.expect(shard.counters.openStreams >= 0, "a negative count of streams")
        }
    }

    /// What must hold when nothing is pending: every quota slot belongs to an open stream.
    func checkSettled() {
        let counts = streamCounts()
        for user in context.scenario.userNames {
            let id = UserID(user)
            let owner = shards[0].owner(of: id)
            let held = owner.userLimits.streamCount(of: id)
            let count = counts[StreamQuota.Slot(of: id), default: 0]
            context.ledger.expect(count == held, "\(user) has \(count) streams and \(held) quota slots")
        }
        let openCount = shards.reduce(0) { $0 + $1.counters.openStreams }
        context.ledger.expect(openCount == counts.values.reduce(0, +), "the counters have \(openCount) streams")
        for shard in shards {
            context.ledger.expect(shard.userLimits.activeUserCount == 0, "a read is in flight that was answered")
            context.ledger.expect(shard.shops.areIdle, "a shop waits for a write that has ended")
            context.ledger.expect(shard.outbox.isEmpty, "commands to shards were not delivered")
        }
        context.ledger.expect(store.waitingCount == 0, "a call waits for the store")
    }

    /// Nothing is left. Quota slots that were released while the last shards stopped are ignored.
    func checkEmpty(includingPlaces: Bool) {
        for shard in shards {
            let placeCount = shard.userLimits.streamingUserCount
            if includingPlaces, placeCount > 0 { context.ledger.violate("\(placeCount) users still have quota slots") }
            let reactor = shard.reactor
            let counts: [(String, Int)] = [
                ("HTTP connections", shard.http.count), ("streams", shard.streams.count),
                ("open streams", shard.counters.openStreams),
                ("tickets of streams", shard.streams.tickets.count),
                ("uploads", shard.http.uploads.used),
                ("partial images", (shard.storage.images as? MemoryImageStore)?.partialCount ?? 0),
                ("users with something in flight", shard.userLimits.activeUserCount),
                ("addresses", shard.addressLimits.connectedAddressCount),
                ("undelivered messages", shard.outbox.count),
                ("subscribers", shard.hub.subscriberCount), ("trailing subscribers", shard.hub.trailingCount),
                ("shops", shard.hub.shopCount), ("lent bytes", shard.hub.lentByteCount),
                ("retained bytes", shard.hub.retainedByteCount), ("connections", reactor.connectionCount),
                ("sends", reactor.sends.count + reactor.promptSends.count),
                ("transfers", reactor.incomingTransfers.count),
                ("timers", reactor.wheel.count), ("jobs", reactor.jobs.count),
                ("descriptors", reactor.io.usedDescriptorCount), ("buffers", reactor.io.takenBufferCount),
                ("operations", reactor.io.pendingOperationCount),
            ]
            for (name, count) in counts where count != 0 {
                context.ledger.violate("\(count) \(name) are left on shard \(shard.index)")
            }
        }
    }

    /// Ends the drivers and takes the references apart; then only a task that never ended can hold a shard.
    func takeApart() {
        for shard in shards {
            shard.requestTasks.close()
            shard.reactor.runJobs()
            shard.reactor.io.shutDown()
            shard.connect(to: [])
            shard.reactor.handlerReference = nil
        }
        let remains = shards.map { WeakShard(shard: $0) }
        shards = []
        for (index, remain) in remains.enumerated() where remain.shard != nil {
            context.ledger.violate("a task still holds shard \(index)")
        }
    }

    private struct WeakShard {
        weak var shard: VirtualShard?
    }
}
