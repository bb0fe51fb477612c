import Primitives
import Testing

@testable import Server

@Suite struct StreamAccountingTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test func `a client has its burst at once and its rate from then on`() {
        let (burst, rate) = (ServerLimits.clientByteCountBurst, ServerLimits.clientBytesPerSecond)
        var allowance = ByteAllowance(at: Self.at(0))
        let verdicts = [
            allowance.take(burst, at: Self.at(0)), allowance.take(1, at: Self.at(0)),
            allowance.take(rate, at: Self.at(1_000)), allowance.take(rate - 1, at: Self.at(2_000)),
        ]
        #expect(verdicts == [true, false, false, true])
    }

    @Test func `an allowance never exceeds its burst, and a clock that goes back gives nothing`() {
        var allowance = ByteAllowance(at: Self.at(1_000_000))
        let verdicts = [
            allowance.take(ServerLimits.clientByteCountBurst, at: Self.at(90_000_000)),
            allowance.take(1, at: Self.at(89_000_000)),
        ]
        #expect(verdicts == [true, false])
    }

    @Test func `a client that goes on sending beyond its rate is in debt by a burst at most`() {
        let (burst, rate) = (ServerLimits.clientByteCountBurst, ServerLimits.clientBytesPerSecond)
        var allowance = ByteAllowance(at: Self.at(0))
        for _ in 0..<1_000 { _ = allowance.take(burst, at: Self.at(0)) }
        let secondsUntilPaid = UInt64(burst / rate)
        let verdicts = [
            allowance.take(1, at: Self.at(secondsUntilPaid * 1_000)),
            allowance.take(1, at: Self.at(secondsUntilPaid * 1_000 + 1)),
        ]
        #expect(verdicts == [false, true])
    }

    @Test func `identifiers are version 4 UUIDs, and no two alike`() {
        let texts = (0..<1_000).map { _ in UUIDText.random() }
        #expect(Set(texts).count == texts.count)
        for text in texts {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(parts.allSatisfy { $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
            #expect(parts[2].first == "4")
            #expect(parts[3].first.map { "89ab".contains($0) } == true)
        }
    }

    @Test func `a histogram counts a value at its bound below it and adds up with another`() {
        var histogram = Histogram(bounds: [1, 2])
        for value in [0.5, 1, 1.5, 2, 3] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 1])
        #expect(histogram.sum == 8)
        var sum = histogram
        sum.add(histogram)
        #expect(sum.counts == [4, 4, 2])
        #expect(sum.sum == 16)
    }
}
