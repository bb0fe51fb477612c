import Auth
import Primitives
import Reactor

/// What a run came to.
struct Outcome: Sendable {
    let seed: UInt64
    let violations: [String]
    let trace: UInt64
    let tally: [String: Int]
}

/// One run of the whole server from a seed: traffic under faults, rest, drain; with the oracles of each.
final class Simulation {
    private let stage: Stage
    private let world: World
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
        stage = Stage(scenario, chance: chance, ledger: ledger, flaw: flaw, secret: secret)
        world = try World(stage, settings: TokenSettings(keys: KeySet(secret: secret), leeway: .zero))
        if flaw == .storeForgets { world.store.forgetsOneIn = 10 }
        if flaw == .placeLeaks { world.leakPlace() }
    }

    private func run() -> Outcome {
        traffic()
        if !stage.scenario.isDrainedInTraffic {
            settle()
            world.checkSettled()
            for client in clients { client.checkSettled() }
        }
        drain()
        world.takeApart()
        ledger.trace.note(8, ledger.violations.count)
        return Outcome(
            seed: stage.scenario.seed, violations: ledger.violations, trace: ledger.trace.hash, tally: ledger.tally)
    }

    // MARK: - Acts

    private func traffic() {
        for step in 0..<stage.scenario.stepCount {
            switch chance.number(0...99) {
            case 0...39: turnOne()
            case 40...84: if !clients.isEmpty { act(chance.number(0...clients.count - 1)) }
            case 85...89: world.store.openDoor()
            case 90...97: stage.network.advance(by: .microseconds(chance.number(1...8_000)))
            default:
                if chance.oneIn(2) { stage.network.advance(by: .milliseconds(chance.number(1...300))) } else { admit() }
            }
            if stage.scenario.setsClockBack, chance.oneIn(1_000) { world.setClockBack() }
            if step % 32 == 0 { world.checkInvariants() }
        }
    }

    private func turnOne() {
        world.turnOne()
        for client in clients { client.observe() }
    }

    private func act(_ index: Int) {
        clients[index].act()
        if clients[index].isOver { clients.remove(at: index) }
    }

    /// A new client comes.
    private func admit() {
        guard clients.count < stage.scenario.clientCountMax else { return }
        if chance.oneIn(8) { return clients.append(Returner(stage)) }
        guard let socket = stage.connect() else { return }
        switch chance.number(0...19) {
        case 0: clients.append(Vandal(stage, socket))
        case 1...9: clients.append(Customer(stage, socket))
        default:
            let shop = chance.pick(stage.scenario.shopNames)
            clients.append(Subscriber(stage, socket, shop: shop, user: chance.pick(stage.scenario.userNames)))
        }
    }

    /// Lets the dust settle: a perfect network, a store that waits for nobody, clients that only finish.
    private func settle() {
        stage.act = .settling
        stage.network.faults = VirtualFaults()
        world.store.isHasty = true
        var quietCount = 0
        for _ in 0..<4_000 where quietCount < 100 {
            round()
            let isQuiet = world.store.waitingCount == 0 && clients.allSatisfy { $0.isAtRest }
            quietCount = isQuiet ? quietCount + 1 : 0
        }
    }

    private func round() {
        world.turnAll()
        world.store.openDoor()
        for client in clients {
            client.observe()
            client.act()
        }
        clients.removeAll { $0.isOver }
        stage.network.advance(by: .milliseconds(5))
    }

    private func drain() {
        for shop in stage.scenario.shopNames { stage.answeredAtDrain[shop] = ledger.answeredCount(shop) }
        stage.act = .draining
        world.store.isHasty = true
        // The faults go on, but clients that finish can tell what they got.
        stage.network.faults.resetPerMille = 0
        let start = stage.network.now
        while !world.isStopped, stage.network.now.since(start) < .seconds(7) {
            world.postDrain()
            round()
        }
        ledger.expect(world.isStopped, "the server did not stop within 7 s")
        for _ in 0..<50 { round() }
        for client in clients { client.checkStopped() }
        world.checkEmpty(includingPlaces: !stage.scenario.isDrainedInTraffic)
    }
}
