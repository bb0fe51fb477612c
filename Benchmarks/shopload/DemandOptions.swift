import ArgumentParser
import LoadGenerator

/// The load and the machines to plan for.
struct DemandOptions: ParsableArguments {
    @Option(help: "Plan for so many open streams.")
    var connections: Double?
    @Option(help: "Plan for so many messages a second.")
    var messages: Double?
    @Option(help: "Streams that a message goes to; the search's shops have so many too.")
    var membersPerShop: Double?
    @Option(help: "The part of each resource that stays free, 0 to 1.")
    var headroom = 0.3
    @Option(help: "Processors of a machine that is planned with.")
    var nodeProcessors = 4.0
    @Option(help: "Gigabytes of its memory.")
    var nodeMemory = 16.0
    @Option(help: "Gigabits a second of its network.")
    var nodeNetwork = 10.0

    /// Whether a demand was given.
    var isGiven: Bool { connections != nil }

    /// The demand; nil when none was given. By default a message goes to `membersPerShop` streams.
    func demand(membersPerShop usual: Int?) throws -> Demand? {
        guard let connections, let messages else { return nil }
        guard let members = membersPerShop ?? usual.map(Double.init) else {
            throw ValidationError("--members-per-shop: the scenario does not say to how many streams a message goes")
        }
        return Demand(
            connectionCount: connections, messagesPerSecond: messages, membersPerShop: members, headroom: headroom,
            node: Demand.Node(
                processorCount: nodeProcessors, memoryByteCount: nodeMemory * 1e9,
                networkBytesPerSecond: nodeNetwork * 1e9 / 8))
    }

    func validate() throws {
        guard (connections == nil) == (messages == nil) else {
            throw ValidationError("a plan is for --connections and --messages together")
        }
        guard membersPerShop.map({ $0 >= 1 && $0 <= 1e9 }) ?? true else {
            throw ValidationError("--members-per-shop is at least 1")
        }
        let figures = [connections ?? 0, messages ?? 0, nodeProcessors, nodeMemory, nodeNetwork]
        guard figures.allSatisfy({ $0 >= 0 && $0 <= 1e12 }), headroom >= 0, headroom < 1 else {
            throw ValidationError("a demand has no negative figures, and headroom is below 1")
        }
    }
}
