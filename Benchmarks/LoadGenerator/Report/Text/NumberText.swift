/// Figures in readable form: three significant digits, a unit, thousands separated by commas. Pure.
enum NumberText {
    /// A time in nanoseconds: `842 ns`, `84.2 µs`, `8.42 ms`, `1.20 s`, `120 s`.
    static func duration(_ nanoseconds: Double) -> String {
        scaled(nanoseconds, by: 1000, units: ["ns", "µs", "ms", "s"])
    }

    /// A time in nanoseconds.
    static func duration(_ nanoseconds: UInt64) -> String { duration(Double(nanoseconds)) }

    /// Bytes in powers of 1024: `354 B`, `4.50 KiB`, `1.20 GiB`.
    static func bytes(_ count: Double) -> String {
        scaled(count, by: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB"])
    }

    /// A share of 0 to 1 as a percentage: `0.31 %`, `31.4 %`, `100 %`. A share below 1 is never written as `100 %`.
    static func percent(_ share: Double) -> String {
        let percent = share * 100
        if share < 1, percent > 99.95 { return share > 0.9999 ? "> 99.99 %" : "\(decimal(percent, digits: 2)) %" }
        return "\(significant(percent)) %"
    }

    /// A rate a second: `1,250/s`.
    static func rate(_ perSecond: Double) -> String {
        perSecond >= 100 ? "\(count(Int(perSecond.rounded())))/s" : "\(significant(perSecond))/s"
    }

    /// A rate of something: `1,250 messages/s`, `2.5 messages/s`.
    static func perSecond(_ perSecond: Double, _ things: String) -> String {
        let number = perSecond >= 100 ? count(Int(perSecond.rounded())) : trimmed((perSecond * 10).rounded() / 10)
        return "\(number) \(things)/s"
    }

    /// A count with the matching noun: `1 process`, `2 processes`.
    static func counted(_ value: Int, _ one: String, _ many: String) -> String {
        "\(count(value)) \(value == 1 ? one : many)"
    }

    /// A count in full: `1,014,000`.
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A count on an axis: `0`, `950`, `1.5 k`, `20 k`, `3 M`.
    static func shortCount(_ value: Double) -> String {
        let magnitude = value.magnitude
        if magnitude >= 1e9 { return trimmed(value / 1e9) + " G" }
        if magnitude >= 1e6 { return trimmed(value / 1e6) + " M" }
        if magnitude >= 1e3 { return trimmed(value / 1e3) + " k" }
        return trimmed(value)
    }

    /// A number with three significant digits: `0.00314`, `3.14`, `31.4`, `314`, `3,142`.
    static func significant(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let magnitude = value.magnitude
        if magnitude >= 99.95 { return count(Int(value.rounded())) }
        if magnitude >= 9.995 { return decimal(value, digits: 1) }
        if magnitude >= 0.9995 { return decimal(value, digits: 2) }
        if magnitude < 1e-9 { return "0" }
        var digits = 3
        var bound = 0.09995
        while magnitude < bound, digits < 12 {
            digits += 1
            bound /= 10
        }
        return decimal(value, digits: digits)
    }

    /// A number with exactly `digits` decimals; `value` × 10^`digits` must fit 63 bits.
    static func decimal(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return "–" }
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int((value * scale).rounded())
        if digits == 0 { return count(scaled) }
        let unit = Int(scale)
        let fraction = String(Int(scaled.magnitude) % unit)
        let sign = scaled < 0 ? "-" : ""
        let padding = String(repeating: "0", count: digits - fraction.utf8.count)
        return "\(sign)\(count(Int(scaled.magnitude) / unit)).\(padding)\(fraction)"
    }

    /// A number with at most three decimals and no trailing zeros, for axes.
    static func trimmed(_ value: Double) -> String {
        var text = decimal(value, digits: 3)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    private static func scaled(_ value: Double, by factor: Double, units: [String]) -> String {
        var value = value
        var index = 0
        // A value that rounds up to the factor belongs to the next unit: 999.6 µs is 1.00 ms.
        while value.magnitude >= factor - 0.5, index < units.count - 1 {
            value /= factor
            index += 1
        }
        return index == 0 ? "\(Int(value.rounded())) \(units[0])" : "\(significant(value)) \(units[index])"
    }
}
