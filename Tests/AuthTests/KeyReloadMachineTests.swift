import Primitives
import Testing

@testable import Auth

/// When keys are read, and which tokens wait.
@Suite struct KeyReloadMachineTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    private let hour = Duration.seconds(3_600)

    @Test func `the first unknown key causes a read, and tokens that arrive meanwhile wait for it`() {
        var reloads = KeyReloadMachine(at: start, nextReadAfter: hour)
        #expect(reloads.keyMissed(at: start) == .read)
        #expect(reloads.keyMissed(at: start) == .wait)
        #expect(reloads.readEnded(at: start, nextReadAfter: hour) == false)
    }

    @Test func `within the period a token waits only for a read that is due soon`() {
        var reloads = KeyReloadMachine(at: start, nextReadAfter: hour)
        #expect(reloads.keyMissed(at: start) == .read)
        _ = reloads.readEnded(at: start, nextReadAfter: hour)
        #expect(reloads.keyMissed(at: start + .seconds(1)) == .refuse)
        #expect(reloads.keyMissed(at: start + .milliseconds(7_999)) == .refuse)
        #expect(reloads.keyMissed(at: start + .seconds(8)) == .readAt(start + .seconds(10)))
        #expect(reloads.keyMissed(at: start + .seconds(9)) == .wait)
        #expect(reloads.scheduledTimeCame(at: start + .seconds(10)) == true)
        #expect(reloads.keyMissed(at: start + .seconds(10)) == .wait)
        #expect(reloads.readEnded(at: start, nextReadAfter: hour) == false)
        #expect(reloads.keyMissed(at: start + .seconds(11)) == .refuse)
        #expect(reloads.keyMissed(at: start + .seconds(20)) == .read)
    }

    @Test func `a bounded number of tokens waits, and one read is in flight`() {
        var reloads = KeyReloadMachine(at: start, nextReadAfter: hour)
        var decisions: [KeyReloadMachine.Decision: Int] = [:]
        for _ in 0..<1_000 { decisions[reloads.keyMissed(at: start), default: 0] += 1 }
        let max = KeyReloadMachine.waiterCountMax
        #expect(decisions == [.read: 1, .wait: max - 1, .refuse: 1_000 - max])
        reloads.waiterLeft()
        #expect(reloads.keyMissed(at: start) == .wait)
        #expect(reloads.keyMissed(at: start) == .refuse)
        _ = reloads.readEnded(at: start, nextReadAfter: hour)
        #expect(reloads.keyMissed(at: start + .seconds(10)) == .read)
    }

    @Test func `a read that is requested while one is in flight follows it`() {
        var reloads = KeyReloadMachine(at: start, nextReadAfter: hour)
        #expect(reloads.wanted() == true)
        #expect(reloads.wanted() == false)
        #expect(reloads.keyMissed(at: start) == .wait)
        #expect(reloads.readEnded(at: start, nextReadAfter: hour) == true)
        #expect(reloads.readEnded(at: start, nextReadAfter: hour) == false)
        #expect(reloads.keyMissed(at: start) == .read, "reads by a period do not count as those of unknown keys")
    }

    @Test func `a requested read replaces a scheduled one`() {
        var reloads = KeyReloadMachine(at: start, nextReadAfter: hour)
        _ = reloads.keyMissed(at: start)
        _ = reloads.readEnded(at: start, nextReadAfter: hour)
        #expect(reloads.keyMissed(at: start + .seconds(9)) == .readAt(start + .seconds(10)))
        #expect(reloads.wanted() == true)
        #expect(reloads.scheduledTimeCame(at: start + .seconds(10)) == false)
        #expect(reloads.readEnded(at: start, nextReadAfter: hour) == false)
    }

    // MARK: - Reads that no token triggers

    @Test func `the next read is due as long after the last one as that said`() {
        var reloads = KeyReloadMachine(at: start, nextReadAfter: .seconds(60))
        #expect(reloads.nextReadAt == start + .seconds(60))
        #expect(reloads.refreshTimeCame(at: start + .seconds(59)) == false)
        #expect(reloads.refreshTimeCame(at: start + .seconds(60)) == true)
        #expect(reloads.nextReadAt == nil)
        #expect(reloads.readEnded(at: start + .seconds(62), nextReadAfter: .seconds(15)) == false)
        #expect(reloads.nextReadAt == start + .seconds(77))
    }

    @Test func `a read for an unknown key moves the next one, later or earlier`() {
        for wait in [Duration.seconds(15), .seconds(7_200)] {
            var reloads = KeyReloadMachine(at: start, nextReadAfter: hour)
            #expect(reloads.keyMissed(at: start + .seconds(5)) == .read)
            #expect(reloads.refreshTimeCame(at: start + hour) == false, "a read is in flight")
            #expect(reloads.readEnded(at: start + .seconds(6), nextReadAfter: wait) == false)
            #expect(reloads.nextReadAt == start + .seconds(6) + wait)
        }
    }

    @Test func `a due read replaces a scheduled one, and tokens wait for it`() {
        var reloads = KeyReloadMachine(at: start, nextReadAfter: .seconds(9))
        _ = reloads.keyMissed(at: start)
        _ = reloads.readEnded(at: start, nextReadAfter: .seconds(9))
        #expect(reloads.keyMissed(at: start + .seconds(8)) == .readAt(start + .seconds(10)))
        #expect(reloads.refreshTimeCame(at: start + .seconds(9)) == true)
        #expect(reloads.keyMissed(at: start + .seconds(9)) == .wait)
        #expect(reloads.scheduledTimeCame(at: start + .seconds(10)) == false)
        #expect(reloads.readEnded(at: start + .seconds(11), nextReadAfter: .seconds(15)) == false)
    }

    @Test func `the next read is due after the last of two that follow one another`() {
        var reloads = KeyReloadMachine(at: start, nextReadAfter: hour)
        #expect(reloads.wanted() == true)
        #expect(reloads.wanted() == false)
        #expect(reloads.readEnded(at: start, nextReadAfter: hour) == true)
        #expect(reloads.nextReadAt == nil)
        #expect(reloads.readEnded(at: start + .seconds(3), nextReadAfter: .seconds(15)) == false)
        #expect(reloads.nextReadAt == start + .seconds(18))
    }
}
