import Primitives
import Testing

@testable import WebSocket

@Suite struct HeartbeatTests {
    static let schedule = Heartbeat.Schedule(pingPeriod: .seconds(54), pongWait: .seconds(60))

    static func second(_ seconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000_000 + seconds * 1_000_000_000)
    }

    @Test func `a ping is due after every period`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        #expect(heartbeat.deadline(Self.schedule) == Self.second(54))
        #expect(heartbeat.timerFired(at: Self.second(53), Self.schedule) == .wait)
        #expect(heartbeat.timerFired(at: Self.second(54), Self.schedule) == .sendPing)
        heartbeat.pongReceived(at: Self.second(55))
        #expect(heartbeat.deadline(Self.schedule) == Self.second(108))
        #expect(heartbeat.timerFired(at: Self.second(108), Self.schedule) == .sendPing)
    }

    @Test func `a peer without pongs is closed when the wait is over`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        #expect(heartbeat.timerFired(at: Self.second(54), Self.schedule) == .sendPing)
        #expect(heartbeat.deadline(Self.schedule) == Self.second(60))
        #expect(heartbeat.timerFired(at: Self.second(59), Self.schedule) == .wait)
        #expect(heartbeat.timerFired(at: Self.second(60), Self.schedule) == .close)
    }

    @Test func `a pong extends the wait from its own time`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        #expect(heartbeat.timerFired(at: Self.second(54), Self.schedule) == .sendPing)
        heartbeat.pongReceived(at: Self.second(59))
        #expect(heartbeat.timerFired(at: Self.second(60), Self.schedule) == .wait)
        #expect(heartbeat.timerFired(at: Self.second(108), Self.schedule) == .sendPing)
        #expect(heartbeat.timerFired(at: Self.second(119), Self.schedule) == .close)
    }

    @Test func `a pong that comes unasked extends the wait too`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        heartbeat.pongReceived(at: Self.second(30))
        #expect(heartbeat.timerFired(at: Self.second(54), Self.schedule) == .sendPing)
        #expect(heartbeat.timerFired(at: Self.second(89), Self.schedule) == .wait)
        #expect(heartbeat.timerFired(at: Self.second(90), Self.schedule) == .close)
    }

    @Test func `a timer that fires late closes, for the wait was over before the ping`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        #expect(heartbeat.timerFired(at: Self.second(61), Self.schedule) == .close)
    }

    @Test func `a pong never moves the wait back`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        heartbeat.pongReceived(at: Self.second(10))
        heartbeat.pongReceived(at: Self.second(5))
        #expect(heartbeat.timerFired(at: Self.second(54), Self.schedule) == .sendPing)
        #expect(heartbeat.deadline(Self.schedule) == Self.second(70))
    }

    @Test func `a day with a peer that answers holds a ping for every period`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        var pingCount = 0
        while heartbeat.deadline(Self.schedule) <= Self.second(86_400) {
            let now = heartbeat.deadline(Self.schedule)
            guard heartbeat.timerFired(at: now, Self.schedule) == .sendPing else { break }
            pingCount += 1
            heartbeat.pongReceived(at: now + .milliseconds(80))
        }
        #expect(pingCount == 86_400 / 54)
    }

    @Test func `a wait that is not longer than the period is our bug`() async {
        await #expect(processExitsWith: .failure) {
            _ = Heartbeat.Schedule(pingPeriod: .seconds(60), pongWait: .seconds(60))
        }
    }
}
