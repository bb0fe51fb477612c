import Primitives
import Testing

@testable import Reactor

/// The reactor over the virtual driver: thousands of faults a run, every byte accounted for.
@Suite struct VirtualEchoTests {
    typealias Handler = EchoHandler<VirtualDriver>

    /// One client: the bytes that it sends and the bytes that came back.
    private struct Client {
        let peer: VirtualPeer
        let bytes: [UInt8]
        var writtenCount = 0
        var received: [UInt8] = []
        var isEnded = false
        var isOver: Bool { peer.isReset || (isEnded && peer.isAtEnd) }
    }

    /// The result of a run; equal for equal seeds.
    private struct Outcome: Equatable {
        var echoedCount = 0
        var resetCount = 0
        var shortSendCount = 0
        var transferCount = 0
        var failedTransferCount = 0
        var shortageCount: UInt64 = 0
        var completionCount: UInt64 = 0
        var nanoseconds: UInt64 = 0
    }

    private static let limits: ReactorLimits = {
        var limits = ReactorLimits()
        limits.descriptorCountMax = 96
        limits.descriptorReserveCount = 8
        limits.receiveBufferCount = 16
        limits.receiveBufferByteCount = 256
        limits.listenQueueCountMax = 20
        limits.submissionCountMax = 32
        limits.completionBudgetPerTurn = 48
        limits.mailboxCommandCountMax = 64
        return limits
    }()

    private static let modes = [
        Handler.Mode(), Handler.Mode(isMultishot: true), Handler.Mode(usesTrySend: true, isTransferred: true),
        Handler.Mode(isMultishot: true, usesTrySend: true), Handler.Mode(isTransferred: true),
        Handler.Mode(isMultishot: true, usesTrySend: true, isTransferred: true),
    ]

    private static func makeReactor(_ network: VirtualNetwork) -> Handler.EchoReactor {
        let reactor = Handler.EchoReactor(
            driver: VirtualDriver(network: network, limits: limits), limits: limits)
        reactor.attach(Handler(reactor: reactor, modes: modes))
        return reactor
    }

    private static func run(seed: UInt64, faults: VirtualFaults, clientCount: Int) -> Outcome {
        let network = VirtualNetwork(seed: seed, faults: faults)
        network.socketBufferByteCountMax = 1_000
        var random = SeededGenerator(seed: seed &+ 1)
        let reactors = [makeReactor(network), makeReactor(network)]
        reactors[0].handler.other = reactors[1]
        reactors[1].handler.other = reactors[0]
        let listeners = reactors.map { reactor in
            let listener = network.listen()
            reactor.startAccepting(listener)
            return listener
        }
        var clients: [Client] = []
        var active: [Int] = []
        var stepCount = 0
        while clients.count < clientCount || !active.isEmpty, stepCount < 2_000_000 {
            stepCount += 1
            if stepCount == 1_000_000 { network.faults = VirtualFaults() }
            if clients.count < clientCount, Int.random(in: 0..<20, using: &random) == 0,
                let peer = network.connect(to: listeners[clients.count % 2])
            {
                let byteCount = Int.random(in: 1...12_000, using: &random)
                let bytes = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
                active.append(clients.count)
                clients.append(Client(peer: peer, bytes: bytes))
            }
            let choice = Int.random(in: 0..<10, using: &random)
            if choice < 2 {
                reactors[choice].turn()
            } else if !active.isEmpty {
                let position = Int.random(in: 0..<active.count, using: &random)
                act(&clients[active[position]], &random)
                if clients[active[position]].isOver { active.remove(at: position) }
            }
        }
        #expect(active.isEmpty, "seed \(seed): \(active.count) clients are stuck")
        for index in clients.indices { clients[index].received += clients[index].peer.read() }
        return settle(seed, network, reactors, clients)
    }

    /// One step of a client: write, read, end; seldom reset or close.
    private static func act(_ client: inout Client, _ random: inout SeededGenerator) {
        switch Int.random(in: 0..<1_000, using: &random) {
        case 0: client.peer.reset()
        case 1..<500 where !client.isEnded:
            let count = min(Int.random(in: 1...600, using: &random), client.bytes.count - client.writtenCount)
            client.writtenCount += client.peer.write(client.bytes[client.writtenCount..<client.writtenCount + count])
            if client.writtenCount == client.bytes.count {
                client.peer.end()
                client.isEnded = true
            }
        default: client.received += client.peer.read(byteCountMax: Int.random(in: 1...800, using: &random))
        }
    }

    /// Everything must come to rest, and every byte must have arrived.
    private static func settle(
        _ seed: UInt64, _ network: VirtualNetwork, _ reactors: [Handler.EchoReactor], _ clients: [Client]
    ) -> Outcome {
        network.faults = VirtualFaults()
        for reactor in reactors { reactor.stopAccepting() }
        for _ in 0..<200 { for reactor in reactors { reactor.turn() } }
        var outcome = Outcome()
        for (index, client) in clients.enumerated() {
            #expect(client.bytes.starts(with: client.received), "seed \(seed): client \(index) got other bytes")
            if client.peer.isReset {
                outcome.resetCount += 1
            } else {
                outcome.echoedCount += 1
                #expect(client.received.count == client.bytes.count, "seed \(seed): client \(index) lost bytes")
            }
        }
        for reactor in reactors {
            #expect(reactor.handler.violations.isEmpty, "seed \(seed)")
            #expect(reactor.connectionCount == 0, "seed \(seed)")
            #expect(reactor.sends.isEmpty, "seed \(seed)")
            #expect(reactor.outgoingTransfers.isEmpty, "seed \(seed)")
            #expect(reactor.incomingTransfers.count == 0, "seed \(seed)")
            #expect(reactor.io.usedDescriptorCount == 0, "seed \(seed)")
            #expect(reactor.io.takenBufferCount == 0, "seed \(seed)")
            #expect(reactor.io.pendingOperationCount == 0, "seed \(seed)")
            outcome.shortSendCount += reactor.handler.shortSendCount
            outcome.transferCount += reactor.handler.receivedTransferCount
            outcome.failedTransferCount += reactor.handler.failedTransferCount
            outcome.shortageCount += reactor.statistics.bufferShortageCount
            outcome.completionCount += reactor.statistics.completionCount
        }
        outcome.nanoseconds = network.now.nanoseconds
        return outcome
    }

    @Test(arguments: Seed.all)
    func `without faults of the network only clients that reset lose bytes`(seed: Seed) {
        let outcome = Self.run(seed: seed.value, faults: VirtualFaults(), clientCount: 100)
        #expect(outcome.echoedCount > 50)
        #expect(outcome.transferCount > 0)
    }

    @Test(arguments: Seed.all, [20, 150])
    func `every byte is echoed or the connection was reset`(seed: Seed, perMille: Int) {
        let outcome = Self.run(seed: seed.value, faults: VirtualFaults(everything: perMille), clientCount: 200)
        #expect(outcome.echoedCount + outcome.resetCount == 200)
        #expect(outcome.resetCount > 0)
        #expect(outcome.shortSendCount > 100)
        #expect(outcome.shortageCount > 10)
        #expect(perMille < 100 || outcome.failedTransferCount > 0)
    }

    @Test func `a seed repeats its run exactly`() {
        let faults = VirtualFaults(everything: 80)
        let first = Self.run(seed: 42, faults: faults, clientCount: 50)
        let second = Self.run(seed: 42, faults: faults, clientCount: 50)
        let other = Self.run(seed: 43, faults: faults, clientCount: 50)
        #expect(first == second)
        #expect(first != other)
    }
}
