import Auth
import Primitives
import Reactor

/// The result of a run.
struct Outcome: Sendable {
    let seed: UInt64
    let violations: [String]
    let trace: UInt64
    let tally: [String: Int]
}

/// One run of the whole server from a seed: traffic under faults, rest, drain, and the checks of each phase.
final class Simulation {
    private let context: RunContext
    private let server: SimulatedServer
    private let ledger = Ledger()
    private let chance: Chance
    private var clients: [any Client] = []

    /// Runs a seed to its end on a thread of its own, which owns the reactors.
    static func run(seed: UInt64, flaw: Flaw? = nil) async -> Outcome {
        await withCheckedContinuation { continuation in
            _ = ReactorThread(name: "simulation") {
                do {
                    continuation.resume(returning: try Simulation(seed: seed, flaw: flaw).run())
                } catch {
                    preconditionFailure("seed \(seed) cannot be set up: \(error)")
                }
            }
        }
    }

    private init(seed: UInt64, flaw: Flaw?) throws {
        chance = Chance(seed: seed)
        let scenario = Scenario(seed: seed, chance: chance)
        let secret = try TokenSecret("the secret of the simulation, long enough")
        context = RunContext(scenario, chance: chance, ledger: ledger, flaw: flaw, secret: secret)
        server = try SimulatedServer(context, settings: TokenSettings(keys: KeySet(secret: secret), leeway: .zero))
        if flaw == .storeForgets { server.store.forgetsOneIn = 10 }
        if flaw == .placeLeaks { server.leakPlace() }
    }

    private func run() -> Outcome {
        traffic()
        if !context.scenario.isDrainedInTraffic {
            settle()
            server.checkSettled()
            for client in clients { client.checkSettled() }
        }
        drain()
        server.takeApart()
        ledger.trace.note(8, ledger.violations.count)
        return Outcome(
            seed: context.scenario.seed, violations: ledger.violations, trace: ledger.trace.hash, tally: ledger.tally)
    }

    // MARK: - Phases

    private func traffic() {
        for step in 0..<context.scenario.stepCount {
            switch chance.number(0...99) {
            case 0...39: turnOne()
            case 40...84: if !clients.isEmpty { stepClient(chance.number(0...clients.count - 1)) }
            case 85...89: server.store.resumeSome()
            case 90...97: context.network.advance(by: .microseconds(chance.number(1...8_000)))
            default:
                if chance.oneIn(2) {
                    context.network.advance(by: .milliseconds(chance.number(1...300)))
                } else {
                    admit()
                }
            }
            if context.scenario.setsClockBack, chance.oneIn(1_000) { server.setClockBack() }
            if context.scenario.reloadsSettings, chance.oneIn(100) { server.reloadOne() }
            if step % 32 == 0 { server.checkInvariants() }
        }
    }

    private func turnOne() {
        server.turnOne()
        for client in clients { client.observe() }
    }

    private func stepClient(_ index: Int) {
        clients[index].step()
        if clients[index].isOver { clients.remove(at: index) }
    }

    /// A new client comes.
    private func admit() {
        guard clients.count < context.scenario.clientCountMax else { return }
        if chance.oneIn(8) { return clients.append(ReconnectingClient(context)) }
        guard let socket = context.connect() else { return }
        switch chance.number(0...19) {
        case 0: clients.append(MisbehavingClient(context, socket))
        case 1...9: clients.append(RequestClient(context, socket))
        default:
            let shop = chance.pick(context.scenario.shopNames)
            clients.append(Subscriber(context, socket, shop: shop, user: chance.pick(context.scenario.userNames)))
        }
    }

    /// Finishes what is pending: a network without faults, a store without delays, clients that begin nothing.
    private func settle() {
        context.phase = .settling
        context.network.faults = VirtualFaults()
        server.store.isHasty = true
        var quietCount = 0
        for _ in 0..<4_000 where quietCount < 100 {
            round()
            let isQuiet = server.store.waitingCount == 0 && clients.allSatisfy { $0.isAtRest }
            quietCount = isQuiet ? quietCount + 1 : 0
        }
    }

    private func round() {
        server.turnAll()
        server.store.resumeSome()
        for client in clients {
            client.observe()
            client.step()
        }
        clients.removeAll { $0.isOver }
        context.network.advance(by: .milliseconds(5))
    }

    private func drain() {
        for shop in context.scenario.shopNames { context.answeredAtDrain[shop] = ledger.answeredCount(shop) }
        context.phase = .draining
        server.store.isHasty = true
        // The faults continue, but clients that finish know what they received.
        context.network.faults.resetPerMille = 0
        let start = context.network.now
        while !server.isStopped, context.network.now.since(start) < .seconds(7) + context.scenario.drainWindow {
            server.postDrain()
            round()
        }
        ledger.expect(server.isStopped, "the server did not stop within 7 s after the window")
        for _ in 0..<50 { round() }
        for client in clients { client.checkStopped() }
        server.checkEmpty(includingPlaces: !context.scenario.isDrainedInTraffic)
    }
}
