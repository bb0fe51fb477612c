/// Searches for knees: for each number of streams and each objective, the highest rate that meets it.
///
/// A pure state machine: measurements go in, the next point to measure comes out. Its only state is the observations,
/// so an interrupted search continues from them. The number of streams is raised step by step. For each number the rate
/// is raised until it fails; then the gap is halved on a logarithmic scale.
///
/// Noise: a pass far from the bound is accepted at once. A failure, and any result near the bound, is measured again,
/// up to `runsPerPointMax` times, and the majority decides. If a pause of the machine spoils one run in thirty, it
/// spoils one point in three hundred. A failure below a rate that passes needs the majority of even more runs.
///
/// When the knees are known, shops of other sizes are run at loads within them (`KneeSearch+Calibration.swift`): with
/// shops of one size, the cost of a message cannot be separated from that of its deliveries.
package struct KneeSearch: Sendable {
    /// What to do next.
    package enum Step: Equatable, Sendable {
        /// Run this point and report it with `measured`.
        case measure(LoadPoint)
        /// Nothing: these are the knees, by streams and objective.
        case done([Knee])
    }

    private enum Judgement {
        case passed
        case failed
        case undecided
    }

    private enum Progress {
        case measure(messagesPerSecond: Double)
        case found(Knee)
    }

    private let connectionCounts: [Int]
    private let objectives: [Objective]
    private let limits: SearchLimits
    /// Streams per shop at the knees; nil leaves the shops as in the scenario.
    let membersPerShop: Int?
    /// Further sizes of shops to run.
    let calibrationMembersPerShop: [Int]
    /// Everything measured so far, in order.
    package private(set) var observations: [Observation]

    /// Creates a search over `connectionCounts`, for every objective, that starts from `observations`.
    package init(
        connectionCounts: [Int], objectives: [Objective], limits: SearchLimits = SearchLimits(),
        membersPerShop: Int? = nil, calibrationMembersPerShop: [Int] = [], observations: [Observation] = []
    ) {
        limits.check()
        self.membersPerShop = membersPerShop
        self.calibrationMembersPerShop = calibrationMembersPerShop.sorted()
        self.connectionCounts = connectionCounts.sorted()
        self.objectives = objectives.sorted { $0.p99NanosecondsMax < $1.p99NanosecondsMax }
        self.limits = limits
        self.observations = observations
    }

    /// Records the result of a run. Its point must be the requested one.
    package mutating func measured(_ observation: Observation) -> Step {
        observations.append(observation)
        return step()
    }

    /// What to do next, from what is known. O(observations × streams × objectives).
    package func step() -> Step {
        let (knees, next) = found()
        return (next ?? calibrationPoint(knees)).map { .measure($0) } ?? .done(knees)
    }

    /// The knees that are known so far, by streams and objective.
    package var knees: [Knee] { found().knees }

    /// The known knees, and the point that the next one needs; nil when all are known.
    private func found() -> (knees: [Knee], next: LoadPoint?) {
        var knees: [Knee] = []
        for connectionCount in connectionCounts {
            var passedAny = false
            for objective in objectives {
                switch progress(connectionCount, objective) {
                case .measure(let rate):
                    let next = LoadPoint(
                        connectionCount: connectionCount, messagesPerSecond: rate, membersPerShop: membersPerShop)
                    return (knees, next)
                case .found(let knee):
                    knees.append(knee)
                    passedAny = passedAny || knee.messagesPerSecond != nil
                }
            }
            // More streams would fail as well, in the longest runs.
            if !passedAny { break }
        }
        return (knees, nil)
    }

    private func progress(_ connectionCount: Int, _ objective: Objective) -> Progress {
        let runs = Dictionary(
            grouping: observations.filter {
                $0.point.connectionCount == connectionCount && $0.point.membersPerShop == membersPerShop
            },
            by: \.point.messagesPerSecond)
        var judged = runs.mapValues { judge($0, objective, runsMax: limits.runsPerPointMax) }
        // A failure below a passing rate contradicts it, so it needs more runs to be accepted.
        let highest = judged.filter { $0.value == .passed }.keys.max() ?? 0
        for (rate, list) in runs where rate < highest && judged[rate] == .failed {
            judged[rate] = judge(list, objective, runsMax: limits.runsPerContradictedPointMax)
        }
        let failing = judged.filter { $0.value == .failed }.keys.min()
        let passing = judged.filter { $0.value == .passed && $0.key < failing ?? .infinity }.keys.max()
        let doubtful = judged.filter { rate, judgement in
            judgement == .undecided && rate < failing ?? .infinity && rate > passing ?? 0
        }
        if let rate = doubtful.keys.min() { return .measure(messagesPerSecond: rate) }
        guard let passing else {
            if failing == nil || failing ?? 0 > limits.messagesPerSecondMin {
                return .measure(messagesPerSecond: limits.messagesPerSecondMin)
            }
            return .found(knee(connectionCount, objective, passing: nil, failing: failing, runs: runs))
        }
        if let failing, failing > passing * limits.precisionFactor {
            let middle = (passing * failing).squareRoot()
            // Three digits are easier to read and near enough to the middle, unless the gap is narrower.
            let rounded = Decimals.rounded(middle, digits: 3)
            return .measure(messagesPerSecond: rounded > passing && rounded < failing ? rounded : middle)
        }
        if failing == nil, passing < limits.messagesPerSecondMax {
            return .measure(messagesPerSecond: min(passing * limits.raiseFactor, limits.messagesPerSecondMax))
        }
        return .found(knee(connectionCount, objective, passing: passing, failing: failing, runs: runs))
    }

    private func judge(_ runs: [Observation], _ objective: Objective, runsMax: Int) -> Judgement {
        let passed = runs.count { $0.meets(objective) }
        let failed = runs.count - passed
        let majority = runsMax / 2 + 1
        if passed >= majority { return .passed }
        if failed >= majority { return .failed }
        let isClear = failed == 0 && !runs.contains { $0.isNear(objective, band: limits.doubtBand) }
        return isClear && passed > 0 ? .passed : .undecided
    }

    private func knee(
        _ connectionCount: Int, _ objective: Objective, passing: Double?, failing: Double?,
        runs: [Double: [Observation]]
    ) -> Knee {
        let failures = failing.flatMap { runs[$0] }?.filter { !$0.meets(objective) } ?? []
        let limits = failures.map(Knee.limit(in:))
        // The limit that most of the failed runs name.
        let limit = limits.max { left, right in limits.count { $0 == left } < limits.count { $0 == right } } ?? nil
        return Knee(
            connectionCount: connectionCount, objective: objective, messagesPerSecond: passing,
            failingMessagesPerSecond: failing, limit: limit)
    }
}

extension KneeSearch {
    /// The next load with shops of another size; nil when all were run, or when shops are as in the scenario.
    ///
    /// Runs each number of streams with each size once. From the lowest knee, K messages per second to M streams each,
    /// it sends half of the messages, or half of its deliveries if that is less: K ÷ 2 × min(1, M ÷ m) to m streams
    /// each. Neither messages nor deliveries exceed those at the knee, so the server keeps up with the load.
    func calibrationPoint(_ knees: [Knee]) -> LoadPoint? {
        guard let membersPerShop else { return nil }
        let known = Set(observations.map(\.point))
        let lowest = Dictionary(grouping: knees, by: \.connectionCount).compactMapValues { knees in
            knees.compactMap(\.messagesPerSecond).min()
        }
        for (connectionCount, knee) in lowest.sorted(by: { $0.key < $1.key }) {
            for size in calibrationMembersPerShop where size != membersPerShop && size <= connectionCount {
                let rate = knee / 2 * min(1, Double(membersPerShop) / Double(size))
                let point = LoadPoint(
                    connectionCount: connectionCount, messagesPerSecond: Decimals.rounded(rate, digits: 3),
                    membersPerShop: size)
                if !known.contains(point) { return point }
            }
        }
        return nil
    }
}

/// The highest rate at which a server meets an objective, with a number of streams.
package struct Knee: Codable, Equatable, Sendable {
    /// Open streams.
    let connectionCount: Int
    /// The objective to meet.
    let objective: Objective
    /// The highest rate that passed, messages a second; nil when even the lowest failed.
    let messagesPerSecond: Double?
    /// The lowest rate that failed; nil when the highest rate of the search passed, so that the knee is beyond it.
    let failingMessagesPerSecond: Double?
    /// The resource that was full where it failed; nil when none that was watched was.
    let limit: Resource?

    /// The share from which a resource counts as full.
    static let fullShareMin = 0.8

    /// The resource that was full in `observation`: the fullest one from `fullShareMin` on. The generator takes
    /// precedence, because at its limit it hides all others.
    static func limit(in observation: Observation) -> Resource? {
        if observation.shares[.generator] ?? 0 >= 1 { return .generator }
        let full = observation.shares.filter { $0.key != .generator && $0.value >= fullShareMin }
        return full.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key
    }
}

/// The limits of a search for knees.
package struct SearchLimits: Codable, Equatable, Sendable {
    /// The rate at which a search starts, in messages per second.
    var messagesPerSecondMin = 10.0
    /// The highest rate of a search.
    var messagesPerSecondMax = 100_000.0
    /// The factor by which the rate is raised while the objective is met.
    var raiseFactor = 2.0
    /// A knee is found when the lowest failing rate is at most this many times the highest passing one.
    var precisionFactor = 1.05
    /// The distance from the bound, as a share of it, within which a latency needs a second run.
    var doubtBand = 0.2
    /// The maximum number of runs of one point: odd, so that there is a majority.
    var runsPerPointMax = 3
    /// The same limit for a point that failed although a higher rate passed.
    var runsPerContradictedPointMax = 7

    /// The default limits.
    package init() {}

    /// Stops the process when the limits contradict each other.
    func check() {
        precondition(messagesPerSecondMin > 0 && messagesPerSecondMax >= messagesPerSecondMin, "rates are positive")
        precondition(raiseFactor > 1 && precisionFactor > 1, "a search makes progress")
        precondition(runsPerPointMax > 0 && !runsPerPointMax.isMultiple(of: 2), "a majority decides")
        precondition(runsPerContradictedPointMax >= runsPerPointMax, "a contradiction needs no less")
    }
}

extension SearchLimits {
    /// The default limits between two rates, messages a second; `0 < messagesPerSecondMin <= messagesPerSecondMax`.
    package init(messagesPerSecondMin: Double, messagesPerSecondMax: Double) {
        self.init()
        self.messagesPerSecondMin = messagesPerSecondMin
        self.messagesPerSecondMax = messagesPerSecondMax
    }
}
