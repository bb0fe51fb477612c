/// SplitMix64: the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// A seed as an argument, so that a failure names it; put it into `all` to replay it.
struct Seed: CustomStringConvertible, Sendable {
    let value: UInt64
    var description: String { "seed \(value)" }

    /// A few that stay, and one that is new in every run.
    static let all = [1, 2, 3, 4, UInt64.random(in: 1...UInt64.max)].map(Seed.init)
}
