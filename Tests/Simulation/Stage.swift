import Auth
import Primitives

@testable import Reactor

/// What the clients of a run share: the network, chance, the ledger, and what time of the run it is.
final class Stage {
    enum Act {
        /// Clients come, go and misbehave; the network is as bad as the scenario has it.
        case traffic
        /// Nothing new is begun: everybody reads, answers and finishes.
        case settling
        /// The server stops; everybody still reads and answers.
        case draining
    }

    let scenario: Scenario
    let network: VirtualNetwork
    let chance: Chance
    let ledger: Ledger
    let flaw: Flaw?
    var act = Act.traffic
    /// The listeners, one for each reactor.
    var listeners: [Int32] = []
    /// For each shop the messages whose 201 was read before the drain began: no stream may lack one of them.
    var answeredAtDrain: [String: Int] = [:]
    private let minter: TokenMinter
    private var tokens: [String: String] = [:]

    init(_ scenario: Scenario, chance: Chance, ledger: Ledger, flaw: Flaw?, secret: TokenSecret) {
        self.scenario = scenario
        self.chance = chance
        self.ledger = ledger
        self.flaw = flaw
        network = VirtualNetwork(seed: scenario.seed, faults: scenario.faults)
        network.socketBufferByteCountMax = scenario.socketBufferByteCountMax
        network.advancesWhenIdle = false
        minter = TokenMinter(secret: secret)
    }

    var isTraffic: Bool { act == .traffic }

    /// A civil time that the run's clock counts from.
    static let origin = Timestamp(microsecondsSinceEpoch: 1_767_000_000_000_000)

    /// The user's token; it outlives the run.
    func token(of user: String) -> String {
        if let token = tokens[user] { return token }
        do {
            let token = try minter.mint(userID: UserID(user), timeToLive: .seconds(86_400), now: Self.origin)
            tokens[user] = token
            return token
        } catch {
            preconditionFailure("a token of a valid user can be made: \(error)")
        }
    }

    /// A new connection to some reactor; nil when its queue is full or it listens no more.
    func connect() -> Socket? {
        let listener = chance.pick(listeners)
        guard let peer = network.connect(to: listener) else { return nil }
        return Socket(peer, listener: listener, stage: self)
    }

    /// Whether connections wait at the listener because the reactor's table is full.
    func isCrowded(_ listener: Int32) -> Bool { network.listener(listener)?.backlog.isEmpty == false }
}

/// A deliberate mistake of the harness's own: a run with one must be found faulty, or the oracles are asleep.
enum Flaw: CaseIterable {
    /// A client overlooks a message.
    case clientDropsMessage
    /// A client sees a message twice.
    case clientDoublesMessage
    /// A client takes two answers for each other.
    case clientSwapsAnswers
    /// The store says that it stored what it did not.
    case storeForgets
    /// A place is taken that nobody gives back.
    case placeLeaks
}
