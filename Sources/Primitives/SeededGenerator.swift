/// A random number generator whose sequence a seed reproduces: SplitMix64 (Steele, Lea and Flood, "Fast Splittable
/// Pseudorandom Number Generators", 2014). For tests, simulations and load; never for secrets.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator whose sequence `seed` determines.
    package init(seed: UInt64) { state = seed }

    /// The next 64 bits. O(1).
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// The next number in 0 ..< 1, from the upper 53 of the next 64 bits.
    package mutating func unitInterval() -> Double { Double(next() >> 11) * 0x1p-53 }
}
