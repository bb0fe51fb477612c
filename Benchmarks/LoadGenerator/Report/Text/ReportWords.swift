/// The wording that the terminal's and the page's report share: titles, names of rows, their order. Pure.
enum ReportWords {
    /// The percentiles that tables show.
    static let percentiles: [(name: String, percentile: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("p99.99", 99.99),
    ]

    /// A distribution and its name in tables.
    struct NamedDistribution {
        let name: String
        let meaning: String
        let distribution: LatencyDistribution
    }

    /// Counts that belong together.
    struct CounterGroup {
        let name: String
        var rows: [(name: String, count: Int)]
    }

    /// `fanout: 5,000 streams in 50 shops, 100 messages/s of 500 B`.
    static func title(_ report: RunReport) -> String {
        let scenario = report.scenario
        return "\(scenario.name): \(NumberText.count(scenario.connectionCount)) streams in "
            + "\(NumberText.count(scenario.shopCount)) shops, "
            + "\(NumberText.perSecond(scenario.messagesPerSecond, "messages")) of \(NumberText.bytes(Double(scenario.messageByteCount)))"
    }

    /// The distributions of a report in the order of tables.
    static func distributions(_ report: RunReport) -> [NamedDistribution] {
        let latencies = report.latencies
        let groups = latencies.deliveryByGroup.enumerated().map { group, distribution in
            NamedDistribution(
                name: "delivery \(group + 1)",
                meaning: "the same: \(report.scenario.parameters["shops_\(group)"] ?? "a group of shops")",
                distribution: distribution)
        }
        let delivery = NamedDistribution(
            name: "delivery", meaning: "intended send time → frame read, each delivery",
            distribution: latencies.delivery)
        return [delivery] + groups + [
            .init(
                name: "first recipient", meaning: "intended send time → first member's frame",
                distribution: latencies.firstRecipient),
            .init(
                name: "last recipient", meaning: "intended send time → last member's frame",
                distribution: latencies.lastRecipient),
            .init(name: "POST", meaning: "intended send time → answer read", distribution: latencies.post),
            .init(name: "list", meaning: "the same for a list of messages", distribution: latencies.list),
            .init(
                name: "catch-up", meaning: "the same for a list of what was missed", distribution: latencies.catchUp),
            .init(
                name: "caught up", meaning: "intended send time → list with it read, each delivery that was missed",
                distribution: latencies.late),
            .init(
                name: "connect", meaning: "intended time → upgrade answered, retries included",
                distribution: latencies.connect),
            .init(
                name: "lateness", meaning: "the generator's own: intended send time → noticed",
                distribution: report.generator.lateness),
            .init(
                name: "receive delay", meaning: "the generator's own: handed over → read",
                distribution: report.generator.receiveDelay),
        ]
    }

    /// What has no latency and is therefore in no percentile; empty when everything has one.
    static func withoutLatency(_ figures: KeyFigures) -> [String] {
        [
            (figures.lostCount, "delivery that was lost", "deliveries that were lost"),
            (figures.refusedCount, "refused message", "refused messages"),
            (figures.unansweredCount, "message without an answer", "messages without an answer"),
            (figures.unfollowedCount, "message without a last recipient", "messages without a last recipient"),
        ].filter { $0.0 > 0 }.map { NumberText.counted($0.0, $0.1, $0.2) }
    }

    /// The cells of a distribution's row: `percentiles` and the maximum.
    static func cells(_ distribution: LatencyDistribution) -> [String] {
        percentiles.map { distribution.value(atPercentile: $0.percentile).map(NumberText.duration) ?? "–" }
            + [distribution.isEmpty ? "–" : NumberText.duration(distribution.maximum)]
    }

    /// All counters by group. The first rows of a group are always shown, those by name or number, and what was caught up
    /// with, only when they occurred; reconnects only when a stream was to come back.
    static func counterGroups(_ counters: Counters, _ figures: KeyFigures) -> [CounterGroup] {
        var connections = CounterGroup(
            name: "connections",
            rows: [
                ("attempted", counters.connectsAttempted), ("opened", counters.connectsSucceeded),
                ("refused", counters.connectsRefused), ("timed out", counters.connectTimeouts),
                ("ended early", counters.disconnects),
            ])
        connections.rows += counters.disconnectsByCloseCode.sorted { $0.key < $1.key }.map { ("close \($0)", $1) }
        connections.rows += counters.disconnectsByError.sorted { $0.key < $1.key }.map { ($0, $1) }
        connections.rows += counters.upgradeStatuses.sorted { $0.key < $1.key }.map { ("upgrade \($0)", $1) }
        connections.rows += counters.connectErrors.sorted { $0.key < $1.key }.map { ("connect: \($0)", $1) }
        var requests = CounterGroup(
            name: "requests", rows: [("sent", counters.requestsSent), ("without an answer", counters.requestTimeouts)])
        requests.rows += counters.requestErrors.sorted { $0.key < $1.key }.map { ($0, $1) }
        requests.rows += counters.statuses.sorted { $0.key < $1.key }.map { ("status \($0)", $1) }
        var deliveries = CounterGroup(
            name: "deliveries",
            rows: [
                ("expected", counters.expectedDeliveries), ("came", counters.delivered), ("lost", counters.lost),
                ("duplicated", counters.duplicated), ("out of order", counters.outOfOrder),
                ("foreign", counters.foreign), ("corrupt", counters.corruptFrames), ("cut", counters.cutFrames),
                ("without a marker", counters.unmarkedFrames),
            ])
        if counters.caughtUp > 0 { deliveries.rows.insert(("caught up", counters.caughtUp), at: 2) }
        guard counters.reconnects + counters.notBack > 0 else { return [deliveries, requests, connections] }
        let reconnects = CounterGroup(
            name: "reconnects",
            rows: [
                ("begun", counters.reconnects), ("most in a second", figures.reconnectsPerSecondMax),
                ("did not come back", counters.notBack),
            ])
        return [deliveries, requests, connections, reconnects]
    }

    /// The machine in a line.
    static func machine(_ environment: Environment) -> String {
        "\(environment.processorCount) × \(environment.processorModel), "
            + "\(NumberText.bytes(Double(environment.memoryByteCount))), Linux \(environment.kernel)"
    }

    /// How many processes and reactors made the load.
    static func generator(_ generator: GeneratorFigures) -> String {
        "\(NumberText.counted(generator.processCount, "process", "processes")), "
            + NumberText.counted(generator.reactors.count, "reactor", "reactors")
    }

    /// The tool's version and commit.
    static func version(_ report: RunReport) -> String {
        report.commit.isEmpty ? report.toolVersion : "\(report.toolVersion) (\(report.commit))"
    }
}
