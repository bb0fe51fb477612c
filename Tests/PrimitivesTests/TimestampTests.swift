import Testing

@testable import Primitives

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00.000000Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-01-03T15:30:00.000000Z", 1_767_454_200_000_000),
        ("2000-02-29T12:00:00.000001Z", 951_825_600_000_001),
        ("0001-01-01T00:00:00.000000Z", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func `the canonical text goes both ways`(text: String, microseconds: Int64) {
        #expect(Timestamp(microsecondsSinceEpoch: microseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.microsecondsSinceEpoch == microseconds)
    }

    @Test func `random times come back from their text, whose order is theirs`() {
        let seed = UInt64.random(in: .min ... .max)
        print("Times as text: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let bounds = Timestamp.earliestMicroseconds...Timestamp.latestMicroseconds
        let times = (0..<5_000).map { _ in
            Timestamp(microsecondsSinceEpoch: Int64.random(in: bounds, using: &random))
        }.sorted()
        for time in times { #expect(Timestamp(rfc3339: time.rfc3339) == time, "seed \(seed)") }
        #expect(zip(times, times.dropFirst()).allSatisfy { $0.rfc3339 <= $1.rfc3339 }, "seed \(seed)")
    }

    @Test(arguments: [
        ("2026-01-03T15:30:00Z", "2026-01-03T15:30:00.000000Z"),
        ("2026-01-03t15:30:00.5z", "2026-01-03T15:30:00.500000Z"),
        ("2026-01-03 15:30:00.1234569Z", "2026-01-03T15:30:00.123456Z"),
        ("2026-01-03T15:30:00+02:30", "2026-01-03T13:00:00.000000Z"),
        ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("0000-06-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
    ])
    func `every form of RFC 3339 is read`(text: String, canonical: String) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == canonical)
    }

    @Test(arguments: [
        "", "now", "2026-01-03", "2026-01-03T15:30:00", "2026-13-03T15:30:00Z", "2026-02-29T15:30:00Z",
        "2026-01-03T24:30:00Z", "2026-01-03T15:30:00.Z", "2026-01-03T15:30:00Zx", "2026-01-03T15:30:00+0230",
        "+026-01-03T15:30:00Z", "2026-1-3T15:30:00Z", "0000-01-01T00:00:00+01:00", "1767454200",
    ])
    func `anything else is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(arguments: [Int64.min, Int64.min + 1, -62_135_596_800_000_001, -200_000_000_000_000_000])
    func `a count before the year 1 is its beginning`(microseconds: Int64) {
        #expect(Timestamp(microsecondsSinceEpoch: microseconds) == .earliest)
        #expect(Timestamp(microsecondsSinceEpoch: microseconds).rfc3339 == "0001-01-01T00:00:00.000000Z")
    }

    @Test(arguments: [Int64.max, Int64.max - 1, 253_402_300_800_000_000])
    func `a count after the year 9999 is its end, which is its own successor`(microseconds: Int64) {
        let time = Timestamp(microsecondsSinceEpoch: microseconds)
        #expect(time == .latest && time.successor == .latest)
        #expect(time.successor.rfc3339 == "9999-12-31T23:59:59.999999Z")
    }

    @Test func `no count and no step leaves the bounds or stops the process`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var state = seed
        let edges: [Int64] = [.min, .max, 0, -1, 1, Timestamp.earliestMicroseconds, Timestamp.latestMicroseconds]
        func next() -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // Every magnitude, and the edges with their neighbours.
            if state >> 62 == 0 { return edges[Int(state >> 32 % 7)] &+ Int64(truncatingIfNeeded: state % 3) &- 1 }
            return Int64(bitPattern: state) >> Int64(state % 63)
        }
        for _ in 0..<50_000 {
            let (count, step) = (next(), next())
            let time = Timestamp(microsecondsSinceEpoch: count)
            let stepped = time.advanced(byMicroseconds: step)
            for time in [time, stepped, time.successor] {
                #expect(time >= .earliest && time <= .latest, "seed \(seed)")
                #expect(Timestamp(rfc3339: time.rfc3339) == time, "seed \(seed)")
            }
            #expect(step < 0 ? stepped <= time : stepped >= time, "seed \(seed)")
        }
    }

    @Test func `random times survive the round trip`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var state = seed
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let span = UInt64(Timestamp.latest.microsecondsSinceEpoch - Timestamp.earliest.microsecondsSinceEpoch)
            let time = Timestamp(
                microsecondsSinceEpoch: Timestamp.earliest.microsecondsSinceEpoch + Int64(state % span))
            #expect(Timestamp(rfc3339: time.rfc3339) == time, "seed \(seed)")
        }
    }
}
