/// What limited a run, in a word and in a sentence.
///
/// Three questions decide, each an inequality over the steady phase (`VerdictLimits` has the numbers):
/// - *Reached* (T): answered ≥ 0.99 × offered, delivered ≥ 0.99 × expected and open streams ≥ 0.99 × those asked for.
/// - *Generator at its limit* (G): its busiest reactor ≥ 0.85 busy, or sent < 0.99 × offered while it was late, or
///   lateness p99 > 1 ms and > 0.25 × delivery p99: then a good part of the latency is its own.
/// - *Server at its limit* (S): CPU ≥ 0.85 × the processors that it can use.
///
/// | T | G | S | verdict |
/// |---|---|---|---|
/// | yes | no | any | `neither` |
/// | no | no | any | `serverIsTheLimit`: the generator was punctual, so what is missing is missing behind it |
/// | any | yes | no | `generatorIsTheLimit` |
/// | any | yes | yes or unknown | `unclear` |
///
/// Without a steady phase, or without the generator's own figures, it is `unclear`.
package struct Verdict: Codable, Equatable, Sendable {
    /// What the limit was.
    package enum Kind: String, Codable, Sendable {
        /// The server could not do more: the figures are its own.
        case serverIsTheLimit
        /// The generator could not do more: the figures say little about the server.
        case generatorIsTheLimit
        /// What was asked for was reached, and both had room.
        case neither
        /// The figures do not decide it.
        case unclear
    }

    /// What the limit was.
    package let kind: Kind
    /// The same for people, with the figures that it rests on.
    package let sentence: String

    /// Judges `report`. O(seconds + buckets).
    package init(_ report: RunReport, limits: VerdictLimits = VerdictLimits()) {
        self.init(Findings(report, limits: limits))
    }

    /// Whether the run did all that was asked of it (T), whatever its latencies. O(seconds).
    static func isReached(_ report: RunReport, limits: VerdictLimits = VerdictLimits()) -> Bool {
        !report.steadySeconds.isEmpty && Findings(report, limits: limits).isReached
    }

    private init(_ findings: Findings) {
        let said = findings.generatorText
        if !findings.isMeasured {
            kind = .unclear
            sentence = "Unclear: the run has no steady second, or no figures of the generator itself."
        } else if !findings.generatorIsFull {
            if findings.isReached {
                kind = .neither
                sentence =
                    "The server did all that was asked of it: \(findings.loadText). "
                    + "The generator kept up (\(said))."
            } else {
                kind = .serverIsTheLimit
                sentence =
                    "The server is the limit: \(findings.shortfallText). "
                    + "The generator kept up (\(said)); \(findings.serverText)."
            }
        } else if findings.serverIsFull == false {
            kind = .generatorIsTheLimit
            sentence =
                "The generator is the limit (\(said)), not the server: \(findings.serverText). "
                + findings.reasonText + findings.missingText
        } else {
            kind = .unclear
            sentence =
                "Unclear: the generator was at its limit (\(said)), and \(findings.serverText). "
                + "Give the generator processors of its own." + findings.missingText
        }
    }
}

/// The answers to a verdict's questions, and how to say them.
private struct Findings {
    let report: RunReport
    let figures: KeyFigures
    let isMeasured: Bool
    let isReached: Bool
    let generatorIsFull: Bool
    /// Whether the generator was late although its reactors had time left.
    let isCrowdedOut: Bool
    /// Nil when the server was not watched.
    let serverIsFull: Bool?

    init(_ report: RunReport, limits: VerdictLimits) {
        let figures = KeyFigures(report)
        self.report = report
        self.figures = figures
        isMeasured = !report.steadySeconds.isEmpty && figures.generatorBusyShareMax != nil
        isReached = Self.shares(figures, report).allSatisfy { $0.share >= limits.reachedShareMin }
        let lateness = figures.latenessP99Nanoseconds ?? 0
        let isLate = lateness > limits.latenessNanosecondsMax
        let delivery = Double(report.latencies.delivery.value(atPercentile: 99) ?? 0)
        generatorIsFull =
            figures.generatorBusyShareMax ?? 0 >= limits.busyShareMax
            || (isLate && figures.sentShare ?? 1 < limits.reachedShareMin)
            || (isLate && Double(lateness) > limits.latenessShareMax * delivery)
        isCrowdedOut = generatorIsFull && figures.generatorBusyShareMax ?? 0 < limits.busyShareMax
        serverIsFull = figures.serverBusyShare.map { $0 >= limits.busyShareMax }
    }

    /// The parts of what was asked for that were reached, by what they are of.
    private static func shares(_ figures: KeyFigures, _ report: RunReport) -> [(name: String, share: Double)] {
        let wanted = Double(max(report.scenario.connectionCount, 1))
        return [
            ("of the messages were answered", figures.answeredShare ?? 1),
            ("of the deliveries came", figures.deliveredShare ?? 1),
            ("of the streams were open", Double(figures.openConnectionsMin) / wanted),
        ].map { ($0.0, min($0.1, 1)) }
    }

    /// What was missing most.
    var shortfallText: String {
        guard let worst = Self.shares(figures, report).min(by: { $0.share < $1.share }) else { return "" }
        return "only \(NumberText.percent(worst.share)) \(worst.name)"
    }

    /// The same as a sentence of its own; empty when all was reached. Refused streams are no fault of a late generator.
    var missingText: String { isReached ? "" : " What is more, \(shortfallText)." }

    /// What was reached.
    var loadText: String {
        var text = "\(NumberText.count(figures.openConnectionsMin)) streams"
        if figures.offeredPerSecond > 0 { text += ", \(NumberText.perSecond(figures.answeredPerSecond, "messages"))" }
        if let p99 = report.latencies.delivery.value(atPercentile: 99) {
            text += ", delivered within \(NumberText.duration(p99)) (p99)"
        }
        return text
    }

    /// How the generator did.
    var generatorText: String {
        var parts: [String] = []
        if let lateness = figures.latenessP99Nanoseconds {
            parts.append("lateness p99 \(NumberText.duration(lateness))")
        }
        if let busy = figures.generatorBusyShareMax {
            parts.append("busiest reactor \(NumberText.percent(busy))")
        }
        return parts.joined(separator: ", ")
    }

    /// Why the generator fell behind, and what that means.
    var reasonText: String {
        // A thread that is late without being busy was not given the processor.
        let reason = isCrowdedOut ? "Something else on the machine kept it from its processor. " : ""
        return "\(reason)Its latencies say little about the server."
    }

    /// How busy the server was.
    var serverText: String {
        guard let busy = figures.serverBusyShare else { return "the server's CPU was not watched" }
        let text = "the server used \(NumberText.percent(busy)) of the CPU that it can use"
        return serverIsFull == true ? text : text + ", so it had CPU left"
    }
}
