/// A seed as an argument, so that a failure names it; put it into `all` to replay it.
struct Seed: CustomStringConvertible, Sendable {
    let value: UInt64
    var description: String { "seed \(value)" }

    /// A few that stay, and one that is new in every run.
    static let all = [1, 2, 3, 4, UInt64.random(in: 1...UInt64.max)].map(Seed.init)
}
