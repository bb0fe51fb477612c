import Primitives
import Testing

@testable import Server

@Suite struct MembershipLooksTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test func `the first hint causes a look at once, hints that arrive meanwhile share the next look`() {
        var looks = MembershipLooks()
        #expect(looks.hinted(at: start) == start)
        #expect(looks.hinted(at: start) == nil)
        looks.began()
        for _ in 0..<1_000 { #expect(looks.hinted(at: start) == nil) }
        #expect(looks.ended(at: start) == start + MembershipLooks.pause)
        looks.began()
        #expect(looks.ended(at: start + .seconds(1)) == nil)
    }

    @Test func `a pause follows each look`() {
        var looks = MembershipLooks()
        _ = looks.hinted(at: start)
        looks.began()
        #expect(looks.ended(at: start) == nil)
        #expect(looks.hinted(at: start + .milliseconds(1)) == start + MembershipLooks.pause)
        looks.began()
        _ = looks.ended(at: start)
        #expect(looks.hinted(at: start + .seconds(9)) == start + .seconds(9))
    }
}
