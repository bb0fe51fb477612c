import Testing

@testable import LoadGenerator

@Suite struct LatencyDistributionTests {
    private func distribution(_ values: some Sequence<Int64>, digits: Int = 3) -> LatencyDistribution {
        var recorder = LatencyRecorder(significantDigits: digits)
        for value in values { recorder.record(nanoseconds: value) }
        return recorder.distribution()
    }

    @Test func `percentiles of small values are exact`() {
        let values = distribution(1...1000)
        #expect(values.count == 1000)
        #expect(values.value(atPercentile: 0) == 1)
        #expect(values.value(atPercentile: 50) == 500)
        #expect(values.value(atPercentile: 99) == 990)
        #expect(values.value(atPercentile: 99.9) == 999)
        #expect(values.value(atPercentile: 100) == 1000)
        #expect(values.mean == 500.5)
        #expect(values.share(atMost: 250) == 0.25)
    }

    @Test(arguments: [2, 3]) func `a value is told apart to the digits of its recorder`(digits: Int) throws {
        let error = digits == 2 ? 0.01 : 0.001
        for exponent in 0..<35 {
            let value = Int64(1) << Int64(exponent) | 1
            // A second, greater value keeps the exact maximum from capping the bucket.
            let median = try #require(
                distribution([value, value, value + 1000 << 20], digits: digits)
                    .value(atPercentile: 50))
            #expect(median >= UInt64(value))
            #expect(Double(median) <= Double(value) * (1 + error))
        }
    }

    @Test func `the maximum is exact and out-of-range values are clamped`() {
        let values = distribution([123_456_789, 987_654_321])
        #expect(values.minimum <= 123_456_789 && Double(values.minimum) > 123_456_789 * 0.999)
        #expect(values.maximum == 987_654_321)
        #expect(values.value(atPercentile: 100) == 987_654_321)
        let clamped = distribution([-5, .max])
        #expect(clamped.count == 2)
        #expect(clamped.minimum == 0)
        #expect(clamped.maximum == LatencyRecorder.nanosecondsMax)
    }

    @Test func `two merged distributions equal one of all values`() {
        var generator = SeededGenerator(seed: 7)
        let values = (0..<5000).map { _ in Int64.random(in: 0...80_000_000, using: &generator) }
        for cut in [0, 1, 1700, 4999, 5000] {
            var left = distribution(values[..<cut])
            left.merge(distribution(values[cut...]))
            #expect(left == distribution(values))
        }
    }

    @Test func `an empty distribution has no percentiles`() {
        let empty = LatencyDistribution()
        #expect(empty.isEmpty && empty.count == 0)
        #expect(empty.value(atPercentile: 99) == nil)
        #expect(empty.mean == nil)
        #expect(empty.share(atMost: 1) == 1)
    }

    @Test func `a reset recorder has forgotten everything`() {
        var recorder = LatencyRecorder()
        recorder.record(nanoseconds: 5000, count: 3)
        #expect(recorder.distribution().count == 3)
        recorder.reset()
        #expect(recorder.distribution() == LatencyDistribution())
    }
}
