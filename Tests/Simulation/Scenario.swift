import Reactor
import Server
import Sessions

@testable import Server

/// What a seed makes of a run: the server's size and limits, the network's faults, the clients.
struct Scenario {
    let seed: UInt64
    var reactorCount: Int
    var shopNames: [String]
    var userNames: [String]
    var faults: VirtualFaults
    var socketBufferByteCountMax: Int
    var waitingMessageCountMax: Int
    var connectionsPerUserMax: Int
    var textByteCountMax: Int
    var clientCountMax: Int
    var stepCount: Int
    /// Of a thousand reads and writes of the store, how many are slow, and how many writes fail.
    var slowStorePerMille: Int
    var failingStorePerMille: Int
    /// A user's limits: reads in flight, and writes at once and in a second; 0 is none.
    var readsPerUserMax: Int
    var writesPerUserMax: Int
    /// The drain comes in the middle of the traffic, not after it has come to rest.
    var isDrainedInTraffic: Bool
    /// The first user's tokens last only seconds.
    var hasShortTokens: Bool
    /// The wall clock is set back now and then.
    var setsClockBack: Bool
    /// A stream over its user's limit ends the oldest one.
    var replacesStreams = false
    /// Limits change now and then, on one shard after another.
    var reloadsSettings = false
    /// The span over which streams end in the drain.
    var drainWindow = Duration.zero
    /// The listeners speak TLS.
    var hasTLS = false
    /// The first reactor has a metrics listener.
    var hasMetricsListener = false
    var limits: ReactorLimits

    init(seed: UInt64, chance: Chance) {
        self.seed = seed
        reactorCount = chance.number(1...4)
        shopNames = (1...chance.number(1...4)).map { "shop-\($0)" }
        userNames = (1...chance.number(2...6)).map { "user-\($0)" }
        faults = VirtualFaults(everything: chance.pick([0, 0, 10, 40, 120]))
        if chance.oneIn(3) { faults.resetPerMille = 0 }
        socketBufferByteCountMax = chance.pick([300, 1_000, 4_000, 16_384])
        waitingMessageCountMax = chance.pick([2, 6, 24, 256])
        connectionsPerUserMax = chance.number(1...5)
        textByteCountMax = chance.pick([20, 200, 1_500])
        clientCountMax = chance.number(4...24)
        stepCount = chance.number(1_000...6_000)
        slowStorePerMille = chance.pick([0, 100, 600])
        failingStorePerMille = chance.pick([0, 0, 50])
        isDrainedInTraffic = chance.oneIn(3)
        hasShortTokens = chance.oneIn(4)
        setsClockBack = !hasShortTokens && chance.oneIn(4)
        readsPerUserMax = 0
        writesPerUserMax = 0
        limits = ReactorLimits()
        limits.descriptorCountMax = chance.pick([12, 24, 64])
        limits.descriptorReserveCount = 4
        limits.crowdedRoomCount = 2
        limits.listenQueueCountMax = chance.pick([2, 8])
        limits.submissionCountMax = chance.pick([4, 32, 256])
        limits.receiveBufferCount = chance.pick([2, 8, 32])
        limits.receiveBufferByteCount = chance.pick([64, 256, 4_096])
        limits.completionBudgetPerTurn = chance.pick([4, 64])
        limits.jobBudgetPerTurn = chance.pick([2, 256])
        limits.mailboxBudgetPerTurn = chance.pick([1, 256])
        limits.mailboxCommandCountMax = chance.pick([2, 64])
        limits.timerBudgetPerTurn = chance.pick([1, 64])
        readsPerUserMax = chance.pick([0, 1, 2, 8])
        writesPerUserMax = chance.pick([0, 3, 60])
        drainWindow = .seconds(seed % 3)
        hasTLS = seed.isMultiple(of: 4) || Seeds.areAllWithTLS
        // Clients expect to be refused when reads are limited.
        reloadsSettings = seed.isMultiple(of: 3) && readsPerUserMax > 0
    }

    /// The server's settings. Times are short, so that all of them pass in a run.
    var configuration: ServerConfiguration {
        get throws {
            var configuration = try ServerConfiguration(environment: ["SHOPSTREAM_STORE": "memory:"])
            configuration.reactorCount = reactorCount
            configuration.stream.pingPeriod = .milliseconds(2_000)
            configuration.stream.pongWait = .milliseconds(4_000)
            configuration.stream.writeWait = .milliseconds(2_500)
            configuration.stream.connectionsPerUserMax = connectionsPerUserMax
            configuration.stream.attemptsPerMinuteMax = 0
            if hasMetricsListener { configuration.metricsListen = ListenAddress("127.0.0.1:9090") }
            if replacesStreams { configuration.stream.overLimit = .replace }
            configuration.drainWindow = drainWindow
            configuration.stream.waitingMessageCountMax = waitingMessageCountMax
            configuration.stream.messageByteCountMax = 2_000
            configuration.connectionsPerAddressMax = 1_000
            configuration.userLimits.readCountMax = readsPerUserMax
            configuration.userLimits.writesPerSecond = writesPerUserMax
            configuration.userLimits.writeCountBurst = writesPerUserMax
            return configuration
        }
    }
}
