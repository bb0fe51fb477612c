import Primitives

extension SeededGenerator {
    /// A number in 0 ..< `bound`.
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    /// Random bytes, eight of each number.
    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            let word = next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

/// A seed as an argument of a test, so that a failure names it. Put it in `Seeds.all` to replay it.
struct Seed: CustomStringConvertible, Sendable {
    let value: UInt64
    var description: String { "seed \(value)" }
}

enum Seeds {
    /// A few that stay, and one that is new in every run.
    static let all: [Seed] = [1, 2, 3, 0xFEED, UInt64.random(in: .min ... .max)].map(Seed.init)
}
