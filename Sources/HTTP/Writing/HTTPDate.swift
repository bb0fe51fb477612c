import Primitives

/// The IMF-fixdate of RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`. Formats once per second.
public struct HTTPDate: Sendable {
    /// The number of bytes of a date.
    public static let byteCount = 29

    /// The field line `Date: …` of `second`, with its line break; empty before the first `update`.
    private(set) var line: [UInt8] = []
    private var second = Int64.min

    /// A formatter without a cached date.
    public init() {}

    /// Makes `line` that of `now`, without its fraction. O(1); allocates only when the second has changed.
    @inline(__always)
    mutating func update(to now: Timestamp) {
        let second = Self.floorDivided(now.microsecondsSinceEpoch, by: 1_000_000)
        if second != self.second { format(second) }
    }

    @inline(never)
    private mutating func format(_ second: Int64) {
        self.second = second
        line = Array("Date: ".utf8) + Self.format(second: second) + Array("\r\n".utf8)
    }

    private static func format(second: Int64) -> [UInt8] {
        // Uses the calendar of `Timestamp`: its text has the year, month, day and time at fixed offsets.
        var digits: [UInt8] = []
        digits.reserveCapacity(Timestamp.textByteCount)
        Timestamp(microsecondsSinceEpoch: second * 1_000_000).append(to: &digits)
        let days = floorDivided(second, by: 86_400)
        // 1970-01-01 was a Thursday, four days after Sunday.
        let weekday = Int(((days + 4) % 7 + 7) % 7)
        let month = Int(digits[5] - UInt8(ascii: "0")) * 10 + Int(digits[6] - UInt8(ascii: "0"))

        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        bytes.append(contentsOf: weekdays[weekday].utf8)
        bytes.append(contentsOf: ", ".utf8)
        bytes.append(contentsOf: digits[8..<10])
        bytes.append(contentsOf: months[month - 1].utf8)
        bytes.append(contentsOf: digits[0..<4])
        bytes.append(ASCII.space)
        bytes.append(contentsOf: digits[11..<19])
        bytes.append(contentsOf: " GMT".utf8)
        assert(bytes.count == byteCount)
        return bytes
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec ",
    ]

    private static func floorDivided(_ value: Int64, by divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
