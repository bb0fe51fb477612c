import Primitives
import Storage
import Testing

@testable import Server

@Suite struct ReadinessCheckTests {
    private static func at(_ seconds: UInt64) -> MonotonicInstant { .init(nanoseconds: seconds * 1_000_000_000) }

    @Test func `one check is in flight at a time, and only a change is reported`() {
        var check = ReadinessCheck()
        #expect(check.begin(at: Self.at(0)) == true)
        #expect(check.begin(at: Self.at(1)) == false)
        #expect(check.ended(nil) == false)
        #expect(check.begin(at: Self.at(2)) == true)
        #expect(check.ended(.unavailable) == true)
        #expect(check.state == .failed(.unavailable))
        #expect(check.begin(at: Self.at(3)) == true)
        #expect(check.ended(.unavailable) == false)
        #expect(check.begin(at: Self.at(4)) == true)
        #expect(check.ended(nil) == true)
        #expect(check.state == .ready)
    }

    @Test func `a check without an answer makes the server not ready until one comes`() {
        var check = ReadinessCheck()
        #expect(check.begin(at: Self.at(0)) == true)
        #expect(check.timePassed(at: Self.at(1)) == false)
        #expect(check.timePassed(at: Self.at(5)) == true)
        #expect(check.state == .unanswered)
        #expect(check.timePassed(at: Self.at(6)) == false)
        #expect(check.ended(nil) == true)
        #expect(check.timePassed(at: Self.at(60)) == false)
    }
}
