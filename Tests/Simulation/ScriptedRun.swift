import Auth
import Chat
import HTTPTypes
import Primitives
import Reactor
import TLS
import WebSocket

@testable import Server

/// A run whose steps a script decides instead of chance: reproduces what a seed found once in as few steps as possible.
final class ScriptedRun: @unchecked Sendable {
    // @unchecked: a run and its content stay on the script's thread, which turns the reactors.

    let context: RunContext
    let server: SimulatedServer
    let ledger = Ledger()
    private var isPerformed = false

    /// Runs a script on a thread of its own and returns the violations.
    static func run(
        reactorCount: Int, slowStore: Bool = false, replacesStreams: Bool = false, hasMetricsListener: Bool = false,
        hasTLS: Bool = false,
        _ script: @escaping @Sendable (ScriptedRun) throws -> Void
    ) async -> [String] {
        await withCheckedContinuation { continuation in
            _ = ReactorThread(name: "scripted run") {
                do {
                    let run = try ScriptedRun(
                        reactorCount: reactorCount, slowStore: slowStore, replacesStreams: replacesStreams,
                        hasMetricsListener: hasMetricsListener, hasTLS: hasTLS)
                    try script(run)
                    run.stop()
                    continuation.resume(returning: run.ledger.violations)
                } catch {
                    continuation.resume(returning: ["the script failed: \(error)"])
                }
            }
        }
    }

    private init(
        reactorCount: Int, slowStore: Bool, replacesStreams: Bool, hasMetricsListener: Bool, hasTLS: Bool
    ) throws {
        let chance = Chance(seed: 1)
        var scenario = Scenario(seed: 1, chance: chance)
        scenario.reactorCount = reactorCount
        scenario.shopNames = (1...8).map { "shop-\($0)" }
        scenario.userNames = ["user", "other"]
        scenario.faults = VirtualFaults()
        scenario.socketBufferByteCountMax = 300
        scenario.waitingMessageCountMax = 256
        scenario.connectionsPerUserMax = replacesStreams ? 3 : 50
        scenario.failingStorePerMille = 0
        scenario.hasShortTokens = false
        scenario.replacesStreams = replacesStreams
        scenario.hasMetricsListener = hasMetricsListener
        scenario.hasTLS = hasTLS
        scenario.readsPerUserMax = 8
        scenario.writesPerUserMax = 0
        scenario.setsClockBack = false
        scenario.slowStorePerMille = slowStore ? 1_000 : 0
        scenario.limits = ReactorLimits()
        scenario.limits.descriptorCountMax = 64
        scenario.limits.descriptorReserveCount = 4
        scenario.limits.listenQueueCountMax = 8
        scenario.limits.mailboxCommandCountMax = 2
        scenario.limits.receiveBufferCount = 16
        scenario.limits.waitSpanMax = ServerLimits.reactorWaitMax
        let secret = try TokenSecret("the secret of the simulation, long enough")
        context = RunContext(scenario, chance: chance, ledger: ledger, flaw: nil, secret: secret)
        server = try SimulatedServer(context, settings: TokenSettings(keys: KeySet(secret: secret), leeway: .zero))
    }

    /// Turns every reactor until nothing more can happen at this time.
    func turn() { for _ in 0..<20 { server.turnAll() } }

    /// Lets time pass, in steps short enough that no reactor takes one for a pause.
    func advance(by duration: Duration) {
        let end = context.network.now + duration
        while context.network.now < end {
            context.network.advance(by: min(end.since(context.network.now), .milliseconds(50)))
            server.turnAll()
        }
        turn()
    }

    /// The process is stopped and continues after `duration`. Peers and the network had that time, the reactors not.
    func pause(for duration: Duration) {
        context.network.advance(by: duration)
        turn()
    }

    /// Runs `body` to its end on the first reactor.
    func perform(_ body: @escaping @Sendable (SimulatedServer.VirtualShard) async throws -> Void) {
        let shard = server.shards[0]
        var turnCountMax = 100
        Task(executorPreference: shard.reactor) {
            do { try await body(shard) } catch { self.ledger.violate("\(error)") }
            self.isPerformed = true
        }
        while !isPerformed, turnCountMax > 0 {
            turn()
            turnCountMax -= 1
        }
        ledger.expect(isPerformed, "the task does not end")
        isPerformed = false
        turn()
    }

    /// A round of housekeeping, and its consequences.
    func keepHouse() { perform { await $0.keepHouse() } }

    /// A connection to a reactor, by default the first, that has sent `bytes`.
    func connect(sending bytes: [UInt8], to index: Int = 0) throws -> Socket {
        try connect(
            sending: bytes, by: context.listeners[index], tls: context.scenario.hasTLS ? SimulatedTLS.client() : nil)
    }

    /// A connection to the metrics listener that has sent `bytes`.
    func connectForMetrics(sending bytes: [UInt8]) throws -> Socket {
        guard let listener = context.metricsListener else { throw ScriptError.noConnection }
        return try connect(sending: bytes, by: listener)
    }

    private func connect(sending bytes: [UInt8], by listener: Int32, tls: TLSConnection? = nil) throws -> Socket {
        guard let peer = context.network.connect(to: listener) else { throw ScriptError.noConnection }
        let socket = Socket(peer, listener: listener, context: context, tls: tls)
        send(bytes, on: socket)
        return socket
    }

    /// Sends bytes, all of them.
    func send(_ bytes: [UInt8], on socket: Socket) {
        socket.send(bytes)
        while !socket.unwritten.isEmpty {
            socket.write()
            turn()
            socket.continueHandshake()
        }
    }

    /// An open stream of a shop.
    func openStream(of shop: String) throws -> Socket {
        var request: [UInt8] = []
        let handshake = context.chance.withGenerator { ClientHandshake(using: &$0) }
        handshake.appendRequest(
            host: "simulation", path: "/api/v1/shops/\(shop)/messages/stream",
            fields: [.authorization: "Bearer \(context.token(of: "user").text)"], to: &request)
        let socket = try connect(sending: request)
        turn()
        guard socket.read().starts(with: Array("HTTP/1.1 101".utf8)) else { throw ScriptError.noStream }
        return socket
    }

    /// A message that takes so many bytes of a log, or a few more.
    func event(ofByteCount byteCount: Int) -> EncodedEvent {
        let message = Message(
            id: MessageID("0"), shopID: ShopID("shop-1"), userID: UserID("user"),
            text: String(repeating: " ", count: byteCount - 150), createdAt: RunContext.origin)
        return EncodedEvent(.messageCreated(message), format: MessageFormat())
    }

    /// A shop that a shard owns.
    func shop(ownedBy index: Int) throws -> String {
        let owned = context.scenario.shopNames.first { server.shards[0].owner(of: ShopID($0)).index == index }
        guard let owned else { throw ScriptError.noShop }
        return owned
    }

    private func stop() {
        context.phase = .draining
        for _ in 0..<1_000 where !server.isStopped {
            server.postDrain()
            server.store.resumeSome()
            server.turnAll()
            context.network.advance(by: .milliseconds(7))
        }
        ledger.expect(server.isStopped, "the server did not stop within 7 s")
        server.checkEmpty(includingPlaces: true)
        server.takeApart()
    }

    enum ScriptError: Error {
        case noConnection
        case noStream
        case noShop
    }
}
