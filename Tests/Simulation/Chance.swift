import Primitives

/// The one source of chance of a run: the same seed gives the same run.
final class Chance {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// True once in `count` times.
    func oneIn(_ count: Int) -> Bool { number(1...count) == 1 }

    func perMille(_ count: Int) -> Bool { number(0...999) < count }

    func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }

    func withGenerator<Result>(_ body: (inout SeededGenerator) -> Result) -> Result { body(&generator) }
}

/// A hash over what happened, in its order: equal for equal runs.
struct Trace {
    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func note(_ values: Int...) {
        for value in values { hash = (hash ^ UInt64(bitPattern: Int64(value))) &* 0x0000_0100_0000_01b3 }
    }
}
