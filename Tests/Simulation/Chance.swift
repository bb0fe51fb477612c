/// The one source of chance of a run (SplitMix64): the same seed gives the same run.
final class Chance {
    private var generator: Generator

    init(seed: UInt64) { generator = Generator(state: seed) }

    /// A generator of its own, for what takes one by reference.
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// True once in `count` times.
    func oneIn(_ count: Int) -> Bool { number(1...count) == 1 }

    func perMille(_ count: Int) -> Bool { number(0...999) < count }

    func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }

    func withGenerator<Result>(_ body: (inout Generator) -> Result) -> Result { body(&generator) }
}

/// A hash over what happened, in its order: equal for equal runs.
struct Trace {
    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func note(_ values: Int...) {
        for value in values { hash = (hash ^ UInt64(bitPattern: Int64(value))) &* 0x0000_0100_0000_01b3 }
    }
}
