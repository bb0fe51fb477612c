import FoundationEssentials

/// The seeds to run: those of the environment, or a fixed set and some fresh ones.
enum Seeds {
    private static let environment = ProcessInfo.processInfo.environment

    /// `SIMULATION_SEED`: the first seed, and unless `SIMULATION_COUNT` says more, the only one.
    private static let first = environment["SIMULATION_SEED"].flatMap { UInt64($0) }
    /// `SIMULATION_COUNT`: how many seeds.
    private static let count = environment["SIMULATION_COUNT"].flatMap { UInt64($0) }

    /// `SIMULATION_TLS`: whether every run has TLS, and not only that of every fourth seed.
    static let areAllWithTLS = environment["SIMULATION_TLS"] != nil

    /// Whether the environment names seeds.
    static let areGiven = first != nil || count != nil

    /// The seeds of every run of the tests.
    static let fixed: [UInt64] = areGiven ? [] : Array(1...80) + found

    /// Seeds that found a fault once.
    private static let found: [UInt64] = [
        // In one turn the drain's timer set a new timer of a stream whose old one was due too.
        303_160_538
    ]

    /// Seeds that were asked for, or fresh ones.
    static let others: [UInt64] = {
        if let first { return (0..<(count ?? 1)).map { first &+ $0 } }
        let start = UInt64.random(in: 1_000...UInt64(UInt32.max))
        return (0..<(count ?? 20)).map { start + $0 }
    }()
}
