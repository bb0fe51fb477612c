import Primitives
import Testing

@testable import Sessions

@Suite struct ProgressWatchTests {
    private static func instant(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: UInt64(seconds * 1_000_000_000))
    }

    /// When a peer that moves `byteCount` bytes every `period` seconds is found stalled; nil within an hour.
    private static func stall(byteCount: Int, period: Double) -> Double? {
        var watch = ProgressWatch(at: instant(0))
        watch.moved(byteCount: byteCount, at: instant(0))
        var now = 0.0
        while now < 3_600 {
            now += period
            if watch.deadline <= instant(now) { return Double(watch.deadline.nanoseconds) / 1e9 }
            watch.moved(byteCount: byteCount, at: instant(now))
        }
        return nil
    }

    @Test func `a peer that moves nothing is stalled after ten seconds`() {
        var watch = ProgressWatch(at: Self.instant(5))
        let early = watch.isStalled(at: Self.instant(14.999))
        #expect(!early)
        let late = watch.isStalled(at: Self.instant(15))
        #expect(late)
    }

    @Test(arguments: [(4_096, 1.0), (100, 0.02), (65_536, 13.0), (32_768, 8.0), (5 << 20, 15.0)])
    func `a peer of 4 KiB a second and more is never stalled, in drops or in lumps`(byteCount: Int, period: Double) {
        #expect(Self.stall(byteCount: byteCount, period: period) == nil)
    }

    @Test(arguments: [(3_000, 1.0), (1, 0.1), (32_768, 11.0)])
    func `a slower peer is stalled within a minute`(byteCount: Int, period: Double) throws {
        let stalledAt = try #require(Self.stall(byteCount: byteCount, period: period))
        #expect(stalledAt <= 60)
    }

    @Test func `a fast beginning buys no more than the credit`() {
        var watch = ProgressWatch(at: Self.instant(0))
        watch.moved(byteCount: 1 << 30, at: Self.instant(1))
        let early = watch.isStalled(at: Self.instant(16.9))
        #expect(!early)
        let late = watch.isStalled(at: Self.instant(17))
        #expect(late)
    }

    @Test func `the time that a peer waits for us is not its own`() {
        var watch = ProgressWatch(at: Self.instant(0))
        watch.waitedForUs(.seconds(30))
        let early = watch.isStalled(at: Self.instant(39))
        #expect(!early)
        let late = watch.isStalled(at: Self.instant(40))
        #expect(late)
    }

    @Test func `a pause of this process does not end a transfer`() {
        var watch = ProgressWatch(at: Self.instant(0))
        let early = watch.isStalled(at: Self.instant(60))
        #expect(!early)
        let late = watch.isStalled(at: Self.instant(70))
        #expect(late)
    }
}
