import Auth
import Chat
import Hub
import Logging
import Primitives
import Sessions
import Storage
import Synchronization

@testable import Reactor
@testable import Server

/// The server of a run: real shards on real reactors, over the drivers of one virtual network, turned by one thread.
final class World {
    typealias VirtualShard = Shard<VirtualDriver>

    let stage: Stage
    let store: SimulatedStore
    private(set) var shards: [VirtualShard] = []
    private let civilOrigin = CivilOrigin(Stage.origin)
    private var drainPosted: [Bool] = []

    init(_ stage: Stage, settings: TokenSettings) throws {
        self.stage = stage
        let scenario = stage.scenario
        store = SimulatedStore(scenario, chance: stage.chance, ledger: stage.ledger)
        let configuration = try scenario.configuration
        let log = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        let environment = ShardEnvironment(
            configuration, startedAt: Stage.origin, civilClock: .counted(from: civilOrigin), log: log)
        for index in 0..<scenario.reactorCount {
            var limits = scenario.limits
            if scenario.hasMetricsListener, index == 0 { limits.sideConnectionCountMax = 4 }
            let driver = VirtualDriver(network: stage.network, limits: limits)
            let reactor = VirtualShard.ShardReactor(driver: driver, limits: limits)
            let shard = VirtualShard(
                index: index, reactor: reactor, environment: environment,
                storage: ShardStorage(
                    store: store, images: MemoryImageStore(), orphanSeconds: configuration.orphanImageSeconds),
                authenticator: Authenticator(settings: settings))
            reactor.attach(shard)
            shards.append(shard)
        }
        for shard in shards {
            shard.connect(to: shards)
            let listener = stage.network.listen(backlogCountMax: 16)
            stage.listeners.append(listener)
            shard.reactor.startAccepting(listener)
        }
        if scenario.hasMetricsListener {
            let listener = stage.network.listen(backlogCountMax: 16)
            stage.metricsListener = listener
            shards[0].reactor.startAccepting(listener, as: .side)
        }
        drainPosted = shards.map { _ in false }
        loadMembers()
    }

    /// Everybody is a member of every shop.
    private func loadMembers() {
        let rows = stage.scenario.shopNames.flatMap { shop in
            stage.scenario.userNames.map { Membership(shopID: ShopID(shop), userID: UserID($0), role: .member) }
        }
        let store = store
        let loaded = Flag()
        Task(executorPreference: shards[0].reactor) {
            do { try await store.importMembers(rows, at: Stage.origin) } catch { preconditionFailure("\(error)") }
            loaded.isSet = true
        }
        while !loaded.isSet { shards[0].reactor.turn() }
    }

    /// Set on the simulation's thread, read on it.
    private final class Flag: @unchecked Sendable {
        var isSet = false
    }

    /// A canary: nobody will give this place back.
    func leakPlace() {
        let user = UserID(stage.scenario.userNames[0])
        _ = shards[0].owner(of: user).userLimits.reserveSlot(for: user, shopOwner: 0)
    }

    /// The wall clock is set back by up to ten seconds, for all shards alike.
    func setClockBack() {
        civilOrigin.setBack(byMicroseconds: Int64(stage.chance.number(0...10_000_000)))
        stage.ledger.count("clock set back")
    }

    // MARK: - Time and turns

    /// One turn of a reactor that runs, chosen by chance.
    func turnOne() { turn(stage.chance.pick(shards)) }

    func turnAll() { for shard in shards { turn(shard) } }

    private func turn(_ shard: VirtualShard) {
        guard !isStopped(shard) else { return }
        shard.reactor.turn()
        stage.ledger.trace.note(7, shard.index, Int(stage.network.now.nanoseconds), shard.reactor.connectionCount)
    }

    private func isStopped(_ shard: VirtualShard) -> Bool {
        shard.reactor.isStopping.load(ordering: .sequentiallyConsistent)
    }

    var isStopped: Bool { shards.allSatisfy { isStopped($0) } }

    /// Tells every shard that the server stops; again as long as a mailbox is full.
    func postDrain() {
        for index in shards.indices where !drainPosted[index] {
            drainPosted[index] = shards[index].reactor.post(.drain, from: nil)
        }
    }
}

// MARK: - Oracles

extension World {
    /// The streams of each user that are in the hub, over all shards.
    private func streamCounts() -> [StreamQuota.Slot: Int] {
        var counts: [StreamQuota.Slot: Int] = [:]
        for shard in shards {
            for connection in shard.streams.connections {
                let slot = shard.streams.withValue(connection) { $0.phase == .open ? $0.slot : nil }
                if let slot = slot ?? nil { counts[slot, default: 0] += 1 }
            }
        }
        return counts
    }

    /// What must hold after every turn.
    func checkInvariants() {
        for (_, count) in streamCounts() where count > stage.scenario.connectionsPerUserMax {
            stage.ledger.violate("\(count) streams of a user who may have \(stage.scenario.connectionsPerUserMax)")
        }
        for shard in shards {
            stage.ledger.expect(shard.counters.openStreams >= 0, "a negative count of streams")
        }
    }

    /// What must hold when nothing is under way: every place is that of an open stream.
    func checkSettled() {
        let counts = streamCounts()
        for user in stage.scenario.userNames {
            let id = UserID(user)
            let owner = shards[0].owner(of: id)
            let held = owner.userLimits.streamCount(of: id)
            let count = counts[StreamQuota.Slot(of: id), default: 0]
            stage.ledger.expect(count == held, "\(user) has \(count) streams and \(held) quota slots")
        }
        let openCount = shards.reduce(0) { $0 + $1.counters.openStreams }
        stage.ledger.expect(openCount == counts.values.reduce(0, +), "the counters have \(openCount) streams")
        for shard in shards {
            stage.ledger.expect(shard.userLimits.activeUserCount == 0, "a read is in flight that was answered")
            stage.ledger.expect(shard.shops.areIdle, "a shop waits for a write that is over")
            stage.ledger.expect(shard.outbox.isEmpty, "messages to shards were not delivered")
        }
        stage.ledger.expect(store.waitingCount == 0, "somebody waits for the store")
    }

    /// Nothing is left of anybody. Places that were given back while the last shards stopped are nobody's concern.
    func checkEmpty(includingPlaces: Bool) {
        for shard in shards {
            let placeCount = shard.userLimits.streamingUserCount
            if includingPlaces, placeCount > 0 { stage.ledger.violate("\(placeCount) users still have places") }
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
                ("subscribers", shard.hub.subscriberCount), ("laggards", shard.hub.laggingCount),
                ("shops", shard.hub.shopCount), ("lent bytes", shard.hub.lentByteCount),
                ("retained bytes", shard.hub.retainedByteCount), ("connections", reactor.connectionCount),
                ("sends", reactor.sends.count), ("parcels", reactor.parcels.count),
                ("timers", reactor.wheel.count), ("jobs", reactor.jobs.count),
                ("descriptors", reactor.io.usedDescriptorCount), ("buffers", reactor.io.takenBufferCount),
                ("operations", reactor.io.pendingOperationCount),
            ]
            for (name, count) in counts where count != 0 {
                stage.ledger.violate("\(count) \(name) are left on shard \(shard.index)")
            }
        }
    }

    /// Ends the drivers and takes the references apart; then only a task that never ended can hold a shard.
    func takeApart() {
        for shard in shards {
            shard.reactor.io.shutDown()
            shard.connect(to: [])
            shard.reactor.handlerReference = nil
        }
        let remains = shards.map { WeakShard(shard: $0) }
        shards = []
        for (index, remain) in remains.enumerated() where remain.shard != nil {
            stage.ledger.violate("a task still holds shard \(index)")
        }
    }

    private struct WeakShard {
        weak var shard: VirtualShard?
    }
}
