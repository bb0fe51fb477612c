import Primitives
import Testing

@Suite struct MonotonicInstantTests {
    private let origin = MonotonicInstant(nanoseconds: 1_000)

    @Test func `instants are ordered by their nanoseconds`() {
        #expect(origin < MonotonicInstant(nanoseconds: 1_001))
        #expect(!(origin < origin))
        #expect([3, 1, 2].map(MonotonicInstant.init).min() == MonotonicInstant(nanoseconds: 1))
    }

    @Test(
        arguments: [
            (.zero, 1_000), (.nanoseconds(1), 1_001), (.microseconds(2), 3_000), (.seconds(3), 3_000_001_000),
            (.seconds(-3), 1_000), (.nanoseconds(-1), 1_000),
        ] as [(Duration, UInt64)])
    func `a duration moves an instant on, and a negative one not at all`(duration: Duration, nanoseconds: UInt64) {
        #expect((origin + duration).nanoseconds == nanoseconds)
    }

    @Test func `instants saturate at the far end`() {
        let late = MonotonicInstant(nanoseconds: .max - 5)
        #expect((late + .nanoseconds(5)).nanoseconds == .max)
        #expect((late + .nanoseconds(6)).nanoseconds == .max)
        #expect((late + .seconds(Int64.max)).nanoseconds == .max)
    }

    @Test func `the time since an instant is the added duration, and zero for a later one`() {
        #expect((origin + .milliseconds(7)).since(origin) == .milliseconds(7))
        #expect(origin.since(origin) == .zero)
        #expect(origin.since(origin + .seconds(1)) == .zero)
        #expect(MonotonicInstant(nanoseconds: .max).since(.init(nanoseconds: 0)) == .nanoseconds(Int64.max))
    }

    @Test(
        arguments: [
            (.zero, 0), (.nanoseconds(-1), 0), (.seconds(-1), 0), (.nanoseconds(1), 1),
            (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            (Duration(secondsComponent: 0, attosecondsComponent: 1_000_000_000), 1),
            (.seconds(18_446_744_073), 18_446_744_073_000_000_000),
            (.seconds(18_446_744_073) + .nanoseconds(709_551_615), .max),
            (.seconds(18_446_744_073) + .nanoseconds(709_551_616), .max), (.seconds(18_446_744_074), .max),
            (.seconds(Int64.max), .max),
        ] as [(Duration, UInt64)])
    func `whole nanoseconds are cut off below and clamped at both ends`(duration: Duration, nanoseconds: UInt64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
    }

    @Test func `the earlier of two times is the one that there is, or the smaller`() {
        let (early, late) = (MonotonicInstant(nanoseconds: 1), MonotonicInstant(nanoseconds: 2))
        #expect(MonotonicInstant.earlier(early, late) == early && MonotonicInstant.earlier(late, early) == early)
        #expect(MonotonicInstant.earlier(nil, late) == late && MonotonicInstant.earlier(early, nil) == early)
        #expect(MonotonicInstant.earlier(nil, nil) == nil)
    }
}
