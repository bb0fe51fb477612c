/// What limited a run, as one word and one sentence.
///
/// Four questions decide, each an inequality over the steady phase (`VerdictLimits` has the numbers):
/// - *Fault* (F): a delivery was duplicated, out of order, foreign or corrupt; or lost, unless a reactor of the
///   generator is ≥ 0.85 busy and may therefore not have read it.
/// - *Reached* (T): accepted + 2 ≥ 0.99 × offered, delivered ≥ 0.99 × expected and open streams ≥ 0.99 × those that the
///   scenario wants open at the time.
/// - *Generator at its limit* (G): its busiest reactor ≥ 0.85 busy, or sent < 0.99 × offered while it was late, or its
///   lateness p99 or its receive delay p99 > 1 ms and > 0.25 × delivery p99, which makes the generator responsible for
///   much of the latency.
/// - *Server at its limit* (S): CPU ≥ 0.85 × the processors that it can use.
///
/// | F | T | G | S | verdict |
/// |---|---|---|---|---|
/// | yes | any | any | any | `serverIsAtFault` |
/// | no | yes | no | any | `neither` |
/// | no | no | no | any | `serverIsTheLimit`: the generator was punctual, so the shortfall is the server's |
/// | no | any | yes | no | `generatorIsTheLimit` |
/// | no | any | yes | yes or unknown | `unclear` |
///
/// Without a steady phase, or without the generator's own figures, it is `unclear` unless there is a fault.
package struct Verdict: Codable, Equatable, Sendable {
    /// The limit.
    package enum Kind: String, Codable, Sendable {
        /// The server violated a guarantee that holds at any load.
        case serverIsAtFault
        /// The server could not do more, so the figures are the server's.
        case serverIsTheLimit
        /// The generator could not do more, so the figures say little about the server.
        case generatorIsTheLimit
        /// The requested load was reached, and neither was at its limit.
        case neither
        /// The figures do not show the limit.
        case unclear
    }

    /// The limit.
    package let kind: Kind
    /// The verdict in words, with its figures.
    package let sentence: String

    /// Judges `report`. O(seconds + buckets).
    package init(_ report: RunReport, limits: VerdictLimits = VerdictLimits()) {
        self.init(VerdictFindings(report, limits: limits))
    }

    /// Whether the run reached the whole requested load (T), whatever its latencies. O(seconds).
    static func isReached(_ report: RunReport, limits: VerdictLimits = VerdictLimits()) -> Bool {
        !report.steadySeconds.isEmpty && VerdictFindings(report, limits: limits).isReached
    }

    private init(_ findings: VerdictFindings) {
        let said = findings.generatorText
        if let faults = findings.faultText {
            kind = .serverIsAtFault
            sentence = "The server is at fault: \(faults)." + findings.missingText
        } else if !findings.isMeasured {
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
                    + "The generator kept up (\(said)); \(findings.serverText)." + findings.postersText
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

/// The thresholds of a verdict. Shares are 0 to 1.
package struct VerdictLimits: Sendable {
    /// The share of the requested load that counts as all of it.
    var reachedShareMin = 0.99
    /// Messages that may be offered within the steady phase and accepted after it. They are no shortfall, as others
    /// that were offered before it are accepted within it.
    var underWayCountMax = 2
    /// The busy share from which a reactor, or the server, counts as full: beyond it queues grow disproportionately.
    var busyShareMax = 0.85
    /// The p99 of the generator's lateness, and of its receive delay, that is harmless at any latency: the slack of a
    /// timer and a turn.
    var ownNanosecondsMax: UInt64 = 1_000_000
    /// The share of the delivery latency's p99 that either may cause.
    var ownShareMax = 0.25
    /// The share of requests that may find all posting connections busy before they count as a possible limit.
    var postersBusyShareMax = 0.1

    /// The default limits.
    package init() {}
}
