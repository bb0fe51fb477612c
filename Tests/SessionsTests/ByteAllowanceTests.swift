import Primitives
import Testing

@testable import Sessions

@Suite struct ByteAllowanceTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test func `a client has its burst at once and its rate from then on`() {
        let (burst, rate) = (Limits.clientByteCountBurst, Limits.clientBytesPerSecond)
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
            allowance.take(Limits.clientByteCountBurst, at: Self.at(90_000_000)),
            allowance.take(1, at: Self.at(89_000_000)),
        ]
        #expect(verdicts == [true, false])
    }

    @Test func `a client that keeps sending beyond its rate is in debt by a burst at most`() {
        let (burst, rate) = (Limits.clientByteCountBurst, Limits.clientBytesPerSecond)
        var allowance = ByteAllowance(at: Self.at(0))
        for _ in 0..<1_000 { _ = allowance.take(burst, at: Self.at(0)) }
        let secondsUntilPaid = UInt64(burst / rate)
        let verdicts = [
            allowance.take(1, at: Self.at(secondsUntilPaid * 1_000)),
            allowance.take(1, at: Self.at(secondsUntilPaid * 1_000 + 1)),
        ]
        #expect(verdicts == [false, true])
    }
}
