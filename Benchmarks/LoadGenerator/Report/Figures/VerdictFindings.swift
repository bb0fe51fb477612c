/// The answers to a verdict's questions, and their wording.
struct VerdictFindings {
    let report: RunReport
    let figures: KeyFigures
    let limits: VerdictLimits
    let isMeasured: Bool
    let isReached: Bool
    let generatorIsFull: Bool
    /// Whether a reactor of the generator had no time left. A late generator that was not busy has another reason.
    let generatorIsBusy: Bool
    /// Nil when the server was not watched.
    let serverIsFull: Bool?

    init(_ report: RunReport, limits: VerdictLimits) {
        let figures = KeyFigures(report)
        self.report = report
        self.figures = figures
        self.limits = limits
        isMeasured = !report.steadySeconds.isEmpty && figures.generatorBusyShareMax != nil
        let offered = figures.offeredPerSecond * Double(report.steadySeconds.count)
        let underWay = offered > 0 ? Double(limits.underWayCountMax) / offered : 0
        isReached = Self.shares(figures, underWay: underWay).allSatisfy { $0.share >= limits.reachedShareMin }
        let delivery = Double(report.latencies.delivery.value(atPercentile: 99) ?? 0)
        let (lateness, delay) = (figures.latenessP99Nanoseconds ?? 0, figures.receiveDelayP99Nanoseconds ?? 0)
        let isPartOfLatency = { (own: UInt64) in
            own > limits.ownNanosecondsMax && Double(own) > limits.ownShareMax * delivery
        }
        let hasSentTooLittle =
            lateness > limits.ownNanosecondsMax && (figures.sentShare ?? 1) + underWay < limits.reachedShareMin
        generatorIsBusy = figures.generatorBusyShareMax ?? 0 >= limits.busyShareMax
        generatorIsFull =
            generatorIsBusy || hasSentTooLittle || isPartOfLatency(lateness) || isPartOfLatency(delay)
        serverIsFull = figures.serverBusyShare.map { $0 >= limits.busyShareMax }
    }

    /// The shares of the requested load that were reached, by name. What was not requested counts as reached.
    /// `underWay` is a share of the messages that counts as accepted.
    private static func shares(_ figures: KeyFigures, underWay: Double = 0) -> [(name: String, share: Double)] {
        [
            ("of the messages were accepted", (figures.answeredShare ?? 1) + underWay),
            ("of the deliveries came", figures.deliveredShare ?? 1),
            ("of the streams were open", figures.openShareMin ?? 1),
        ].map { ($0.0, min($0.1, 1)) }
    }

    /// The server's violations; nil when there are none. A busy generator may not have read what seems lost.
    var faultText: String? {
        let counters = report.counters
        let faults = [
            (generatorIsBusy ? 0 : counters.lost, "lost"), (counters.duplicated, "duplicated"),
            (counters.outOfOrder, "out of order"), (counters.foreign, "of another shop"),
            (counters.corruptFrames, "corrupt"),
        ].filter { $0.0 > 0 }
        guard !faults.isEmpty else { return nil }
        return "of \(NumberText.counted(counters.expectedDeliveries, "delivery", "deliveries")), "
            + faults.map { "\(NumberText.count($0.0)) \($0.0 == 1 ? "was" : "were") \($0.1)" }.joined(separator: ", ")
    }

    /// The largest shortfall.
    var shortfallText: String {
        guard let worst = Self.shares(figures).min(by: { $0.share < $1.share }) else { return "" }
        let refusals =
            figures.refusedCount > 0
            ? ", and \(NumberText.counted(figures.refusedCount, "message was", "messages were")) refused" : ""
        return "only \(NumberText.percent(worst.share)) \(worst.name)\(refusals)"
    }

    /// The same as a separate sentence; empty when the load was reached. A late generator does not cause refused
    /// streams.
    var missingText: String { isReached ? "" : " What is more, \(shortfallText)." }

    /// The load that was reached.
    var loadText: String {
        var text = "\(NumberText.count(figures.openConnectionsMin)) streams"
        if figures.offeredPerSecond > 0 { text += ", \(NumberText.perSecond(figures.answeredPerSecond, "messages"))" }
        if let p99 = report.latencies.delivery.value(atPercentile: 99) {
            text += ", delivered within \(NumberText.duration(p99)) (p99)"
        }
        return text
    }

    /// The generator's figures.
    var generatorText: String {
        var parts: [String] = []
        if let lateness = figures.latenessP99Nanoseconds {
            parts.append("lateness p99 \(NumberText.duration(lateness))")
        }
        if let delay = figures.receiveDelayP99Nanoseconds {
            parts.append("receive delay p99 \(NumberText.duration(delay))")
        }
        if let busy = figures.generatorBusyShareMax {
            parts.append("busiest reactor \(NumberText.percent(busy))")
        }
        return parts.joined(separator: ", ")
    }

    /// Why the generator fell behind, and the consequence.
    var reasonText: String {
        // A thread that is late without being busy did not get the processor.
        let reason = generatorIsBusy ? "" : "Something else on the machine kept it from its processor. "
        return "\(reason)Its latencies say little about the server."
    }

    /// A warning sentence when more connections might have raised the server's load; empty otherwise.
    var postersText: String {
        guard let share = figures.allPostersBusyShare, share >= limits.postersBusyShareMax else { return "" }
        return " All posting connections were busy when \(NumberText.percent(share)) of the requests were due: "
            + "with more of them (--posters, --writers) it might do more."
    }

    /// The server's CPU use.
    var serverText: String {
        guard let busy = figures.serverBusyShare else { return "the server's CPU was not watched" }
        let text = "the server used \(NumberText.percent(busy)) of the CPU that it can use"
        return serverIsFull == true ? text : text + ", so it had CPU left"
    }
}
