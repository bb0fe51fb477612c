import Glibc
import Primitives
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
    }

    @Test(arguments: [2, 3]) func `values are distinguished to the digits of their recorder`(digits: Int) throws {
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
        #expect(LatencyRecorder.nanosecondsMax == LoadLimits.durationMax.wholeNanoseconds)
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

    @Test(arguments: 1...4 as ClosedRange<UInt64>, [false, true])
    func `percentiles agree with the sorted samples to the digits of the recorder`(seed: UInt64, isBimodal: Bool) throws
    {
        var generator = SeededGenerator(seed: seed)
        // Log-normal about a millisecond; one in fifty of the other kind is a hundred times as slow.
        let samples = (0..<40_000).map { _ -> Int64 in
            let normal = (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0...1, using: &generator) }
            let isSlow = isBimodal && Int.random(in: 0..<50, using: &generator) == 0
            return Int64(1e6 * exp(normal * 0.8) * (isSlow ? 100 : 1))
        }
        let sorted = samples.sorted()
        for digits in [2, 3] {
            let values = distribution(samples, digits: digits)
            for percentile in [0, 1, 25, 50, 90, 99, 99.9, 99.99, 100] {
                let rank = max(1, (percentile * 40_000 / 100).rounded(.up))
                let exact = Double(sorted[Int(rank) - 1])
                let found = Double(try #require(values.value(atPercentile: percentile)))
                // Never below, and above by no more than the width of a bucket.
                #expect(found >= exact && found <= exact * (digits == 2 ? 1.01 : 1.001), "seed \(seed), p\(percentile)")
            }
            let mean = Double(samples.reduce(0, +)) / 40_000
            #expect(abs(try #require(values.mean) / mean - 1) < (digits == 2 ? 0.01 : 0.001))
        }
    }

    @Test func `an empty distribution has no percentiles`() {
        let empty = LatencyDistribution()
        #expect(empty.isEmpty && empty.count == 0)
        #expect(empty.value(atPercentile: 99) == nil)
        #expect(empty.mean == nil)
    }

    @Test func `a reset recorder is empty`() {
        var recorder = LatencyRecorder()
        recorder.record(nanoseconds: 5000, count: 3)
        #expect(recorder.distribution().count == 3)
        recorder.reset()
        #expect(recorder.distribution() == LatencyDistribution())
    }
}
