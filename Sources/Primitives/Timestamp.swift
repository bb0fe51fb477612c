/// A point in civil time, UTC, to the microsecond: the times of messages.
///
/// Written as RFC 3339 with six digits of fraction and `Z` (`2026-01-03T15:30:00.000000Z`); read in any form that RFC
/// 3339, section 5.6, allows. Digits after the sixth are cut off; a leap second reads as the second after it.
///
/// Invariant: `earliest <= self <= latest`. A value from a database or a peer is clamped to these bounds. Arithmetic on
/// two times therefore never overflows, and every time can be written as text.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public let microsecondsSinceEpoch: Int64

    /// The first instant: 0001-01-01T00:00:00Z.
    public static let earliest = Timestamp(microsecondsSinceEpoch: earliestMicroseconds)
    /// The microseconds since the epoch of `earliest`.
    public static let earliestMicroseconds: Int64 = -62_135_596_800_000_000
    /// The last instant: 9999-12-31T23:59:59.999999Z.
    public static let latest = Timestamp(microsecondsSinceEpoch: latestMicroseconds)
    /// The microseconds since the epoch of `latest`.
    public static let latestMicroseconds: Int64 = 253_402_300_799_999_999

    /// The instant that many microseconds after the epoch, clamped to `earliest` … `latest`.
    @inlinable
    public init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = min(
            max(microsecondsSinceEpoch, Self.earliestMicroseconds), Self.latestMicroseconds)
    }

    /// Whether `left` is before `right`.
    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }

    /// The next microsecond; the successor of `latest` is `latest`.
    @inlinable
    public var successor: Timestamp { advanced(byMicroseconds: 1) }

    /// The instant that many microseconds later, or earlier when negative, clamped to `earliest` … `latest`.
    @inlinable
    public func advanced(byMicroseconds microseconds: Int64) -> Timestamp {
        let (sum, isOverflow) = microsecondsSinceEpoch.addingReportingOverflow(microseconds)
        return Timestamp(microsecondsSinceEpoch: isOverflow ? (microseconds < 0 ? .min : .max) : sum)
    }
}

// MARK: - Text

extension Timestamp {
    /// 0000-01-01T00:00:00Z.
    private static let textMicrosecondsMin: Int64 = -62_167_219_200_000_000

    /// The number of bytes that `append(to:)` writes.
    public static let textByteCount = 27

    /// The RFC 3339 text, 27 characters. Allocates.
    public var rfc3339: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.textByteCount)
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads RFC 3339 text (`2026-01-03T15:30:00Z`, with any fraction and any offset; `t`, `z`, and a space for `T` are
    /// accepted). Nil when `text` is anything else. A time in the year 0 reads as `earliest`.
    public init?(rfc3339 text: String) {
        var reader = Reader(bytes: Array(text.utf8))
        guard
            let year = reader.number(digits: 4), reader.take("-"),
            let month = reader.number(digits: 2), (1...12).contains(month), reader.take("-"),
            let day = reader.number(digits: 2), (1...Self.dayCount(ofMonth: month, in: year)).contains(day),
            reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.number(digits: 2), hour <= 23, reader.take(":"),
            let minute = reader.number(digits: 2), minute <= 59, reader.take(":"),
            let second = reader.number(digits: 2), second <= 60,
            let microsecond = reader.fraction(),
            let offsetMinutes = reader.offsetMinutes(), reader.isAtEnd
        else { return nil }
        let days = Self.days(fromYear: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + (minute - offsetMinutes) * 60 + second
        // The year 0 is valid text and means "from the beginning". A year of more than four digits is invalid.
        let microseconds = seconds * 1_000_000 + microsecond
        guard (Self.textMicrosecondsMin...Self.latestMicroseconds).contains(microseconds) else { return nil }
        self.init(microsecondsSinceEpoch: microseconds)
    }

    /// A cursor over the text. Each step consumes what it accepts.
    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(ascii: scalar) else { return false }
            index += 1
            return true
        }

        mutating func number(digits: Int) -> Int64? {
            guard index + digits <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[index..<index + digits] {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            index += digits
            return value
        }

        /// The fraction of a second in microseconds: 0 when there is none, nil when no digit follows the dot.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            var value: Int64 = 0
            var scale: Int64 = 100_000
            var digitCount = 0
            while let digit = number(digits: 1) {
                value += digit * scale
                scale /= 10
                digitCount += 1
            }
            return digitCount == 0 ? nil : value
        }

        mutating func offsetMinutes() -> Int64? {
            if take("Z") || take("z") { return 0 }
            let sign: Int64
            if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
            guard let hours = number(digits: 2), hours <= 23, take(":"),
                let minutes = number(digits: 2), minutes <= 59
            else { return nil }
            return sign * (hours * 60 + minutes)
        }
    }
}

// MARK: - Calendar

extension Timestamp {
    static func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }

    private static func dayCount(ofMonth month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. Years are counted from March, so that the
    /// leap day is the last day of a year.
    private static func days(fromYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The inverse of `days(fromYear:month:day:)` for the years 1 to 9999.
    static func civil(fromDays days: Int64) -> (year: UInt32, month: UInt32, day: UInt32) {
        // Days since 0000-03-01.
        let shifted = UInt32(days + 719_468)
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
