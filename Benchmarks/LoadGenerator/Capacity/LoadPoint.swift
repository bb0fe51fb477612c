/// A load to run: a number of streams and a rate of messages.
package struct LoadPoint: Codable, Hashable, Sendable {
    /// Open streams.
    package let connectionCount: Int
    /// Messages a second, over all shops.
    package let messagesPerSecond: Double
    /// Streams per shop; nil leaves the shops as in the scenario.
    package let membersPerShop: Int?

    /// A point of a search.
    package init(connectionCount: Int, messagesPerSecond: Double, membersPerShop: Int? = nil) {
        self.connectionCount = connectionCount
        self.messagesPerSecond = messagesPerSecond
        self.membersPerShop = membersPerShop
    }

    /// `1,000 streams, 200 messages/s, 5 streams a shop`.
    package var text: String {
        "\(NumberText.count(connectionCount)) streams, \(NumberText.perSecond(messagesPerSecond, "messages"))"
            + (membersPerShop.map { ", \(NumberText.count($0)) streams a shop" } ?? "")
    }
}

/// A bound on the p99 of the delivery latency that a server must meet.
package struct Objective: Codable, Hashable, Sendable {
    /// The bound in nanoseconds.
    package let p99NanosecondsMax: UInt64

    /// `p99 ≤ 50.0 ms`.
    var name: String { "p99 ≤ \(NumberText.duration(p99NanosecondsMax))" }
}

/// The result of one run at a load point.
package struct Observation: Codable, Equatable, Sendable {
    /// The requested point.
    let point: LoadPoint
    /// The delivery latency's p99 in nanoseconds; nil when nothing was delivered.
    let p99Nanoseconds: UInt64?
    /// Whether the streams were open and the messages answered and delivered (`Verdict.isReached`).
    let isReached: Bool
    /// The server's violations (`Counters.faults`).
    package var faults: [String] = []
    /// Messages that it accepted in the whole run.
    var acceptedCount = 0
    /// The server's process id; nil when it was not watched.
    var serverProcessID: Int?
    /// The used share of each resource, 0 to 1.
    let shares: [Resource: Double]
    /// The cost of the point; nil when the server was not watched.
    let cost: CostSample?

    /// Whether the run met `objective`: the load was reached, nothing was lost, refused or otherwise wrong, and the
    /// latency was within the bound. A late generator does not make a pass doubtful, because its lateness is part of
    /// the latency. It may be the cause of a failure, which `Knee.limit` then names.
    func meets(_ objective: Objective) -> Bool {
        guard isReached, faults.isEmpty, let p99Nanoseconds else { return false }
        return p99Nanoseconds <= objective.p99NanosecondsMax
    }

    /// Whether the latency is so near to the bound that another run may fall on the other side.
    func isNear(_ objective: Objective, band: Double) -> Bool {
        guard let p99Nanoseconds else { return false }
        let ratio = Double(p99Nanoseconds) / Double(objective.p99NanosecondsMax)
        return ratio > 1 - band && ratio < 1 + band
    }
}

/// A resource that can run out.
package enum Resource: String, Codable, CodingKeyRepresentable, CaseIterable, Sendable {
    /// The server's processors.
    case processor
    /// The machine's memory.
    case memory
    /// The network between generator and server.
    case network
    /// The message store.
    case database
    /// The generator itself; 1 when the verdict says that it is the limit.
    case generator

    /// The resource as part of a sentence.
    var name: String {
        switch self {
        case .processor: "the server's CPU"
        case .memory: "memory"
        case .network: "the network"
        case .database: "the database"
        case .generator: "the load generator"
        }
    }
}

extension Objective {
    /// A bound in milliseconds, as it is given on a command line.
    package init(milliseconds: Double) {
        self.init(p99NanosecondsMax: UInt64(milliseconds * 1e6))
    }
}
