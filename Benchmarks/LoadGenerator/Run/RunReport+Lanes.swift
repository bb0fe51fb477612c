import Primitives

extension RunReport {
    /// The report of one process, from the measurements of its lanes, which were bound to `processors` in turn.
    package init(
        plan: RunPlan, phases: ScenarioDescription.Phases, lanes: [LaneMeasurements], process: Int, processors: [Int],
        origin: RunOrigin
    ) {
        let scenario = plan.scenario
        self.init(
            toolVersion: RunOrigin.toolVersion, commit: origin.commit, startedAt: origin.startedAt,
            command: origin.command, target: origin.target,
            environment: .current(pinning: origin.pinning, loadAverageBefore: origin.loadAverageBefore),
            scenario: ScenarioDescription(
                name: scenario.name, parameters: Self.parameters(plan), phases: phases,
                connectionCount: plan.population.streamCount, shopCount: plan.population.shopCount,
                messagesPerSecond: scenario.messagesPerSecond, messageByteCount: scenario.textByteCount),
            generator: GeneratorFigures())
        for lane in lanes {
            let together = lanes.filter {
                $0.lane == lane.lane
                    || (!processors.isEmpty
                        && processors[$0.lane % processors.count] == processors[lane.lane % processors.count])
            }
            add(lane, process: process, processorBusySeconds: together.reduce(0) { $0 + $1.busySeconds })
        }
    }

    /// The report with the figures of the server and of the rest of the machine.
    package func watched(by watch: ServerWatch?) -> RunReport {
        guard let watch else { return self }
        var report = self
        report.server = watch.seen
        report.environment.otherLoadShare = watch.otherLoadShare(
            within: scenario.phases.steadyRange, generatorSeconds: generator.busySeconds)
        return report
    }

    /// Whether any stream was opened, if any was requested.
    package var hasOpenedStreams: Bool { counters.connectsSucceeded > 0 || scenario.connectionCount == 0 }

    private mutating func add(_ lane: LaneMeasurements, process: Int, processorBusySeconds: Double) {
        latencies.delivery.merge(lane.delivery.distribution())
        latencies.merge(Latencies(deliveryByGroup: lane.deliveryByGroup.map { $0.distribution() }))
        latencies.post.merge(lane.post.distribution())
        latencies.list.merge(lane.list.distribution())
        latencies.catchUp.merge(lane.catchUp.distribution())
        latencies.late.merge(lane.late.distribution())
        latencies.connect.merge(lane.connect.distribution())
        latencies.firstRecipient.merge(lane.firstRecipient.distribution())
        latencies.lastRecipient.merge(lane.lastRecipient.distribution())
        generator.lateness.merge(lane.lateness.distribution())
        generator.receiveDelay.merge(lane.receiveDelay.distribution())
        generator.allPostersBusyCount += lane.allPostersBusyCount
        generator.reactors.append(
            GeneratorFigures.ReactorFigures(
                process: process, reactor: lane.lane, busySeconds: lane.busySeconds,
                processorBusySeconds: processorBusySeconds, wallSeconds: lane.wallSeconds))
        counters.merge(lane.counters)
        merge(seconds: lane.seconds)
    }

    private static func parameters(_ plan: RunPlan) -> [String: String] {
        let scenario = plan.scenario
        var parameters = [
            "arrival": scenario.arrival.rawValue,
            "profile": scenario.profile.rawValue,
            "drain_max": "\(scenario.drainMax)",
            "lists_per_second": "\(scenario.listsPerSecond)",
            "churn_per_second": "\(scenario.churnPerSecond)",
            "storm": "\(scenario.hasStorm)",
            "slow_share": "\(scenario.slowShare)",
            "catch_up_share": "\(scenario.catchUpShare)",
            "subprotocol": plan.subprotocol ?? "",
            "tls": plan.tls.map { $0.isVerified ? "verified" : "unverified" } ?? "none",
            "streams_per_user": "\(plan.population.streamsPerUser)",
            "reactors": "\(plan.laneCount)",
            "posting_connections": "\(plan.posterCount)",
            "writers_per_shop": "\(plan.writersPerShop)",
            "in_flight": "\(plan.inFlightCountMax)",
            "reconnects_per_second_max": plan.reconnectsPerSecondMax.map { "\($0)" } ?? "",
        ]
        for (index, group) in scenario.groups.enumerated() {
            parameters["shops_\(index)"] =
                "\(group.shopCount) shops of \(group.streamsPerShop) streams, \(group.messagesPerSecond) messages/s"
        }
        return parameters
    }
}

/// The origin of a report; the same in every process of a run.
package struct RunOrigin: Sendable {
    /// The version of this tool.
    package static let toolVersion = "1"
    /// The commit that was built.
    package var commit: String
    /// When the run began, RFC 3339.
    package var startedAt: String
    /// The command line.
    package var command: String
    /// The server's address.
    package var target: String
    /// The processors to which the lanes are bound, in words.
    package var pinning: String?
    /// The load average before the run.
    package var loadAverageBefore: Double

    /// Creates an origin.
    package init(
        commit: String, startedAt: String, command: String, target: String, pinning: String?, loadAverageBefore: Double
    ) {
        self.commit = commit
        self.startedAt = startedAt
        self.command = command
        self.target = target
        self.pinning = pinning
        self.loadAverageBefore = loadAverageBefore
    }
}
