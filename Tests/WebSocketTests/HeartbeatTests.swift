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
        heartbeat.pongReceived()
        #expect(heartbeat.deadline(Self.schedule) == Self.second(108))
        #expect(heartbeat.timerFired(at: Self.second(108), Self.schedule) == .sendPing)
    }

    @Test func `a peer without pongs is closed when the wait since the ping is over`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        #expect(heartbeat.timerFired(at: Self.second(54), Self.schedule) == .sendPing)
        #expect(heartbeat.deadline(Self.schedule) == Self.second(108))
        #expect(heartbeat.timerFired(at: Self.second(108), Self.schedule) == .sendPing)
        #expect(heartbeat.deadline(Self.schedule) == Self.second(114))
        #expect(heartbeat.timerFired(at: Self.second(113), Self.schedule) == .wait)
        #expect(heartbeat.timerFired(at: Self.second(114), Self.schedule) == .close)
    }

    @Test func `a further ping does not extend the wait of the first`() {
        let schedule = Heartbeat.Schedule(pingPeriod: .seconds(1), pongWait: .seconds(10))
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        for second in 1...10 {
            #expect(heartbeat.timerFired(at: Self.second(UInt64(second)), schedule) == .sendPing)
        }
        #expect(heartbeat.timerFired(at: Self.second(11), schedule) == .close)
    }

    @Test func `a pong ends the wait, and the next ping begins another`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        #expect(heartbeat.timerFired(at: Self.second(54), Self.schedule) == .sendPing)
        heartbeat.pongReceived()
        #expect(heartbeat.deadline(Self.schedule) == Self.second(108))
        #expect(heartbeat.timerFired(at: Self.second(108), Self.schedule) == .sendPing)
        #expect(heartbeat.timerFired(at: Self.second(162), Self.schedule) == .sendPing)
        #expect(heartbeat.timerFired(at: Self.second(167), Self.schedule) == .wait)
        #expect(heartbeat.timerFired(at: Self.second(168), Self.schedule) == .close)
    }

    @Test func `an unsolicited pong changes nothing`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        heartbeat.pongReceived()
        #expect(heartbeat.deadline(Self.schedule) == Self.second(54))
        #expect(heartbeat.timerFired(at: Self.second(54), Self.schedule) == .sendPing)
        #expect(heartbeat.timerFired(at: Self.second(108), Self.schedule) == .sendPing)
        #expect(heartbeat.timerFired(at: Self.second(114), Self.schedule) == .close)
    }

    @Test(arguments: [61, 114, 3_600])
    func `a timer that fires late sends its ping before any wait for a pong begins`(second: UInt64) {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        #expect(heartbeat.timerFired(at: Self.second(second), Self.schedule) == .sendPing)
        #expect(heartbeat.deadline(Self.schedule) == Self.second(second + 54))
        #expect(heartbeat.timerFired(at: Self.second(second + 59), Self.schedule) == .sendPing)
        #expect(heartbeat.timerFired(at: Self.second(second + 60), Self.schedule) == .close)
    }

    @Test func `a day with a peer that answers holds a ping for every period`() {
        var heartbeat = Heartbeat(startedAt: Self.second(0))
        var pingCount = 0
        while heartbeat.deadline(Self.schedule) <= Self.second(86_400) {
            let now = heartbeat.deadline(Self.schedule)
            guard heartbeat.timerFired(at: now, Self.schedule) == .sendPing else { break }
            pingCount += 1
            heartbeat.pongReceived()
        }
        #expect(pingCount == 86_400 / 54)
    }

    @Test func `a wait that is not longer than the period is our bug`() async {
        await #expect(processExitsWith: .failure) {
            _ = Heartbeat.Schedule(pingPeriod: .seconds(60), pongWait: .seconds(60))
        }
    }
}
