import Glibc

/// Round numbers and logarithms to base ten. Pure.
enum Decimals {
    /// The logarithm to base ten of a number above 0.
    static func logarithm(_ value: Double) -> Double { log10(value) }

    /// 10 to the power of `exponent`.
    static func power(_ exponent: Int) -> Double {
        let magnitude = (0..<abs(exponent)).reduce(1.0) { power, _ in power * 10 }
        return exponent < 0 ? 1 / magnitude : magnitude
    }

    /// A number above 0, rounded to `digits` significant digits.
    static func rounded(_ value: Double, digits: Int) -> Double {
        let exponent = Int(logarithm(value).rounded(.down)) - digits + 1
        // Dividing by a power of ten is exact where multiplying by its reciprocal is not.
        return exponent < 0
            ? (value * power(-exponent)).rounded() / power(-exponent)
            : (value / power(exponent)).rounded() * power(exponent)
    }

    /// The least of 1, 2, 2.5, 5 with any power of ten that is at least `value`, which is above 0.
    static func roundStep(atLeast value: Double) -> Double {
        let decade = power(Int(logarithm(value).rounded(.down)))
        return [1, 2, 2.5, 5].map { $0 * decade }.first { $0 >= value * 0.999_999 } ?? decade * 10
    }

    /// The greatest of 1, 2, 5 with any power of ten that is at most `value`, which is above 0.
    static func oneTwoFive(atMost value: Double) -> Double {
        let decade = power(Int(logarithm(value * 1.000_001).rounded(.down)))
        return [5, 2].map { $0 * decade }.first { $0 <= value * 1.000_001 } ?? decade
    }

    /// The least of 1, 2, 5 with any power of ten that is at least `value`, which is above 0.
    static func oneTwoFive(atLeast value: Double) -> Double {
        let below = oneTwoFive(atMost: value)
        return below >= value * 0.999_999 ? below : oneTwoFive(above: below)
    }

    /// The next of 1, 2, 5 with any power of ten above `value`, which is one of them.
    static func oneTwoFive(above value: Double) -> Double { leadingDigit(value) == 2 ? value * 2.5 : value * 2 }

    /// The first digit of a number above 0.
    static func leadingDigit(_ value: Double) -> Int {
        Int(value * 1.000_001 / power(Int(logarithm(value * 1.000_001).rounded(.down))))
    }
}
