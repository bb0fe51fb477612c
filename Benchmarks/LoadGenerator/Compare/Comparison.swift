import FoundationEssentials

/// Two variants measured against each other in rounds: two servers, two commits, two settings.
package struct Comparison: Codable, Equatable, Sendable {
    /// A figure in every round of both variants.
    package struct Measure: Codable, Equatable, Sendable {
        /// Its name, for example `delivery p99`.
        var name: String
        /// Its unit.
        var unit: Unit
        /// The figures of A, one per round.
        var a: [Double]
        /// The figures of B, in the same order.
        var b: [Double]

        /// B divided by A; nil with too few rounds, or figures of 0.
        var ratio: PairedRatio? { PairedRatio(a: a, b: b) }
    }

    /// The unit of a figure, which also determines which variant is better.
    package enum Unit: String, Codable, Sendable {
        /// A latency; less is better.
        case nanoseconds
        /// CPU time per event; less is better.
        case microseconds
        /// Memory; less is better.
        case bytes
        /// A rate; more is better.
        case perSecond

        func text(_ value: Double) -> String {
            switch self {
            case .nanoseconds: NumberText.duration(value)
            case .microseconds: "\(NumberText.significant(value)) µs"
            case .bytes: NumberText.bytes(value)
            case .perSecond: NumberText.rate(value)
            }
        }

        /// The better variant's advantage, to be followed by a percentage.
        fileprivate var better: String {
            switch self {
            case .nanoseconds: "is faster by"
            case .microseconds, .bytes: "takes less, by"
            case .perSecond: "does more, by"
            }
        }
    }

    /// The names of the two variants.
    let nameA: String
    let nameB: String
    /// The figures that were measured in all rounds.
    package let measures: [Measure]
    /// Runs whose figures are in doubt, in words.
    let warnings: [String]
    /// The provenance of the first run of each variant; empty when it is unknown.
    let provenance: [Provenance]

    /// Creates a comparison of `measures`, each with as many figures of A as of B.
    package init(
        nameA: String, nameB: String, measures: [Measure], warnings: [String] = [], provenance: [Provenance] = []
    ) {
        precondition(measures.allSatisfy { $0.a.count == $0.b.count }, "each round has both")
        self.nameA = nameA
        self.nameB = nameB
        self.measures = measures
        self.warnings = warnings
        self.provenance = provenance
    }

    /// The verdict on a measure: `A is faster by 9.10 % (6.20 % to 12.0 %)`, or that the difference is noise.
    func verdict(_ measure: Measure) -> String {
        guard let ratio = measure.ratio else { return "too few rounds to tell" }
        if abs(ratio.low - 1) < 0.0005, abs(ratio.high - 1) < 0.0005 { return "there is no difference" }
        guard ratio.isDifferent else {
            return "the difference is noise (\(Self.change(ratio.low)) to \(Self.change(ratio.high)))"
        }
        let bIsBetter = (ratio.ratio < 1) == (measure.unit != .perSecond)
        // The advantage of the better variant relative to the other: a ratio of 0.8 of times is "faster by 20 %".
        let parts = [ratio.ratio, ratio.low, ratio.high].map { value in
            abs(1 - (bIsBetter ? value : 1 / value))
        }
        let (least, most) = (min(parts[1], parts[2]), max(parts[1], parts[2]))
        return "\(bIsBetter ? nameB : nameA) \(measure.unit.better) \(NumberText.percent(parts[0])) "
            + "(\(NumberText.percent(least)) to \(NumberText.percent(most)))"
    }

    /// How often chance alone shows a difference among this many figures of equal variants. Nil with fewer than two
    /// figures, where the interval says it.
    var caution: String? {
        let count = measures.count { $0.ratio != nil }
        guard count > 1 else { return nil }
        var silent = 1.0
        for _ in 0..<count { silent *= PairedRatio.confidence }
        return
            "Each interval is at \(NumberText.percent(PairedRatio.confidence)). With \(count) figures, equal ways show "
            + "at least one difference in up to \(NumberText.percent(1 - silent)) of comparisons: a small one that "
            + "stands alone needs another run."
    }

    /// A variant with the commit that was measured, if it is known.
    func title(_ name: String, _ way: RoundOrder.Way) -> String {
        let index = way == .a ? 0 : 1
        guard provenance.count == 2, !provenance[index].commit.isEmpty else { return name }
        return "\(name) (commit \(provenance[index].commit))"
    }

    /// A ratio as a change: `+3.1 %`.
    static func change(_ ratio: Double) -> String {
        let percent = NumberText.decimal((ratio - 1) * 100, digits: 1)
        return "\(percent.hasPrefix("-") ? "−" + percent.dropFirst() : "+" + percent) %"
    }

    /// The JSON text in UTF-8.
    package func json() throws -> [UInt8] { try StableJSON.encode(self) }

    /// Reads what `json` wrote, or throws a `DecodingError`.
    package init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(Comparison.self, from: Data(json))
    }
}

/// The order in which two variants are measured.
package enum RoundOrder {
    /// One of the two variants.
    package enum Way: String, Codable, Sendable {
        case a
        case b
    }

    /// The runs of `roundCount` rounds, two per round: A B, B A, A B, … The first of a round alternates, so that a
    /// machine that grows warmer or fuller with each run favours neither.
    package static func runs(roundCount: Int) -> [Way] {
        precondition(roundCount >= 0, "rounds are counted")
        return (0..<roundCount).flatMap { $0.isMultiple(of: 2) ? [Way.a, .b] : [.b, .a] }
    }
}
