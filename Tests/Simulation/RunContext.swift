import Auth
import Primitives

@testable import Reactor

/// What the clients of a run share: the network, chance, the ledger, and the phase of the run.
final class RunContext {
    enum Phase {
        /// Clients come, go and misbehave; the network has the scenario's faults.
        case traffic
        /// Clients begin nothing new: they read, answer and finish.
        case settling
        /// The server stops; clients still read and answer.
        case draining
    }

    let scenario: Scenario
    let network: VirtualNetwork
    let chance: Chance
    let ledger: Ledger
    let flaw: Flaw?
    var phase = Phase.traffic
    /// The listeners, one for each reactor.
    var listeners: [Int32] = []
    /// The metrics listener, if the scenario has one.
    var metricsListener: Int32?
    /// For each shop the messages whose 201 was read before the drain began: no stream may lack one of them.
    var answeredAtDrain: [String: Int] = [:]
    private let minter: TokenMinter
    private var tokens: [String: Token] = [:]

    struct Token {
        let text: String
        /// The time from which the token is refused.
        let expiresAt: MonotonicInstant
    }

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

    var isTraffic: Bool { phase == .traffic }

    /// A civil time that the run's clock counts from.
    static let origin = Timestamp(microsecondsSinceEpoch: 1_767_000_000_000_000)

    /// Whether the user's tokens may expire during the run.
    func hasShortTokens(_ user: String) -> Bool { scenario.hasShortTokens && user == scenario.userNames[0] }

    /// The user's token, renewed shortly before it expires; most outlive the run.
    func token(of user: String) -> Token {
        if let token = tokens[user], token.expiresAt > network.now + .seconds(1) { return token }
        let lifetime: Duration = hasShortTokens(user) ? .seconds(5) : .seconds(86_400)
        let time = Timestamp(
            microsecondsSinceEpoch: Self.origin.microsecondsSinceEpoch + Int64(network.now.nanoseconds / 1_000))
        do {
            let text = try minter.mint(userID: UserID(user), timeToLive: lifetime, now: time)
            let token = Token(text: text, expiresAt: network.now + lifetime)
            tokens[user] = token
            return token
        } catch {
            preconditionFailure("a token of a valid user can be made: \(error)")
        }
    }

    /// A new connection to some reactor; nil when its queue is full or it no longer listens.
    func connect() -> Socket? {
        let listener = chance.pick(listeners)
        guard let peer = network.connect(to: listener) else { return nil }
        return Socket(peer, listener: listener, context: self, tls: scenario.hasTLS ? SimulatedTLS.client() : nil)
    }

    /// Whether connections wait at the listener because the reactor's table is full.
    func isCrowded(_ listener: Int32) -> Bool { network.listener(listener)?.backlog.isEmpty == false }
}

/// A deliberate mistake of the harness: the checks must find it in some run, or they check nothing.
enum Flaw: CaseIterable {
    /// A client overlooks a message.
    case clientDropsMessage
    /// A client sees a message twice.
    case clientDoublesMessage
    /// A client swaps two answers.
    case clientSwapsAnswers
    /// The store reports a write that it did not do.
    case storeForgets
    /// A quota slot is reserved and never released.
    case placeLeaks
}
