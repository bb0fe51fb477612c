import Primitives
import Testing

@testable import Auth

/// When keys are read, and which tokens wait.
@Suite struct KeyReloadMachineTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test func `the first unknown key causes a read, and tokens that arrive meanwhile wait for it`() {
        var reloads = KeyReloadMachine(at: start)
        #expect(reloads.keyMissed(at: start) == .read)
        #expect(reloads.keyMissed(at: start) == .wait)
        #expect(reloads.readEnded() == false)
    }

    @Test func `within the period a token waits only for a read that is due soon`() {
        var reloads = KeyReloadMachine(at: start)
        #expect(reloads.keyMissed(at: start) == .read)
        _ = reloads.readEnded()
        #expect(reloads.keyMissed(at: start + .seconds(1)) == .refuse)
        #expect(reloads.keyMissed(at: start + .milliseconds(7_999)) == .refuse)
        #expect(reloads.keyMissed(at: start + .seconds(8)) == .readAt(start + .seconds(10)))
        #expect(reloads.keyMissed(at: start + .seconds(9)) == .wait)
        #expect(reloads.scheduledTimeCame(at: start + .seconds(10)) == true)
        #expect(reloads.keyMissed(at: start + .seconds(10)) == .wait)
        #expect(reloads.readEnded() == false)
        #expect(reloads.keyMissed(at: start + .seconds(11)) == .refuse)
        #expect(reloads.keyMissed(at: start + .seconds(20)) == .read)
    }

    @Test func `a bounded number of tokens waits, and one read is in flight`() {
        var reloads = KeyReloadMachine(at: start)
        var decisions: [KeyReloadMachine.Decision: Int] = [:]
        for _ in 0..<1_000 { decisions[reloads.keyMissed(at: start), default: 0] += 1 }
        let max = KeyReloadMachine.waiterCountMax
        #expect(decisions == [.read: 1, .wait: max - 1, .refuse: 1_000 - max])
        reloads.waiterLeft()
        #expect(reloads.keyMissed(at: start) == .wait)
        #expect(reloads.keyMissed(at: start) == .refuse)
        _ = reloads.readEnded()
        #expect(reloads.keyMissed(at: start + .seconds(10)) == .read)
    }

    @Test func `a read that is requested while one is in flight follows it`() {
        var reloads = KeyReloadMachine(at: start)
        #expect(reloads.wanted() == true)
        #expect(reloads.wanted() == false)
        #expect(reloads.keyMissed(at: start) == .wait)
        #expect(reloads.readEnded() == true)
        #expect(reloads.readEnded() == false)
        #expect(reloads.keyMissed(at: start) == .read, "reads by a period do not count as those of unknown keys")
    }

    @Test func `a requested read replaces a scheduled one`() {
        var reloads = KeyReloadMachine(at: start)
        _ = reloads.keyMissed(at: start)
        _ = reloads.readEnded()
        #expect(reloads.keyMissed(at: start + .seconds(9)) == .readAt(start + .seconds(10)))
        #expect(reloads.wanted() == true)
        #expect(reloads.scheduledTimeCame(at: start + .seconds(10)) == false)
        #expect(reloads.readEnded() == false)
    }
}
