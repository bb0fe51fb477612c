/// Figures as people read them, in few characters.
enum LiveText {
    /// No value.
    static let none = "–"

    /// A whole number with commas between thousands.
    static func count(_ number: Double) -> String {
        let digits = String(whole(number))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// A number a second: with one decimal when it is small.
    static func rate(_ number: Double?) -> String {
        guard let number else { return none }
        return number > 0 && number < 9.95 ? "\(decimal(number))/s" : "\(count(number))/s"
    }

    static func percent(_ share: Double?) -> String {
        guard let share else { return none }
        return "\(count(share * 100)) %"
    }

    /// A time in the unit in which it has one to three digits before the point.
    static func time(_ seconds: Double) -> String {
        if seconds < 0.000_999_5 { return "\(count(seconds * 1e6)) µs" }
        if seconds < 0.999_5 { return "\(short(seconds * 1e3)) ms" }
        return "\(short(seconds)) s"
    }

    static func time(_ quantile: Quantile?) -> String {
        switch quantile {
        case nil: none
        case .value(let seconds): time(seconds)
        case .above(let seconds): "> \(time(seconds))"
        }
    }

    static func bytes(_ number: Double) -> String {
        if number < 999.5 { return "\(count(number)) B" }
        if number < 999.5e3 { return "\(short(number / 1e3)) kB" }
        if number < 999.5e6 { return "\(short(number / 1e6)) MB" }
        return "\(short(number / 1e9)) GB"
    }

    /// Days, then hours and minutes, or minutes and seconds.
    static func uptime(_ seconds: Double) -> String {
        let seconds = whole(seconds.rounded(.down))
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60)
        if days > 0 { return "\(days) d \(hours) h" }
        return hours > 0 ? "\(hours) h \(minutes) min" : "\(minutes) min \(seconds % 60) s"
    }

    /// With one decimal below 9.95, else whole.
    private static func short(_ number: Double) -> String { number < 9.95 ? decimal(number) : count(number) }

    private static func decimal(_ number: Double) -> String {
        let tenths = whole(number * 10)
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// The nearest whole number. A server may send any number: those that are negative or too large are clamped.
    private static func whole(_ number: Double) -> UInt64 { UInt64(min(max(0, number), 1e18).rounded()) }

    // MARK: - Texts of clients in a terminal

    /// A text without what would move the cursor or change how the terminal shows the rest: controls, marks of writing
    /// direction, and scalars that are not assigned.
    static func safe(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// The cells of a terminal that a text takes at most: two for each scalar that may be wide.
    static func width(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

    /// The beginning of a text that takes at most `width` cells, with an ellipsis when it is cut.
    static func cut(_ text: String, toWidth limit: Int) -> String {
        guard width(text) > limit else { return text }
        var result = String.UnicodeScalarView()
        var used = 0
        for scalar in text.unicodeScalars {
            used += width(scalar)
            guard used < limit else { break }
            result.append(scalar)
        }
        return limit > 0 ? String(result) + "…" : ""
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        // From Hangul Jamo on scripts may be wide. Punctuation and symbols of this interface are not.
        let isNarrow = scalar.value < 0x1100 || (0x2000...0x22FF).contains(scalar.value) || scalar.value == 0xFFFD
        return isNarrow ? 1 : 2
    }
}
