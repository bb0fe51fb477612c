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

    // MARK: - Rounds

    static let rounds = Heartbeat.Schedule(
        pingPeriod: .seconds(54), pongWait: .seconds(60), roundSpan: .milliseconds(500), roundPhase: .milliseconds(200))

    static func millisecond(_ milliseconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000_000 + milliseconds * 1_000_000)
    }

    @Test(arguments: [(200, 54_200), (201, 54_200), (699, 54_200), (700, 54_700), (0, 53_700)])
    func `a ping goes out in the last round before its period is over`(start: UInt64, ping: UInt64) {
        var heartbeat = Heartbeat(startedAt: Self.millisecond(start))
        #expect(heartbeat.deadline(Self.rounds) == Self.millisecond(ping))
        #expect(heartbeat.timerFired(at: Self.millisecond(ping - 1), Self.rounds) == .wait)
        #expect(heartbeat.timerFired(at: Self.millisecond(ping), Self.rounds) == .sendPing)
    }

    @Test func `connections of one round stay in one round, however late their timers fire within it`() {
        var heartbeats = [210, 350, 699].map { Heartbeat(startedAt: Self.millisecond($0)) }
        for round in 1...1_000 {
            let deadlines = Set(heartbeats.map { $0.deadline(Self.rounds) })
            #expect(deadlines == [Self.millisecond(200 + UInt64(round) * 54_000)])
            for index in heartbeats.indices {
                let late = Duration.milliseconds(index * 249)
                let now = heartbeats[index].deadline(Self.rounds) + late
                #expect(heartbeats[index].timerFired(at: now, Self.rounds) == .sendPing)
                heartbeats[index].pongReceived()
            }
        }
    }

    @Test func `a round does not shorten the wait for a pong`() {
        var heartbeat = Heartbeat(startedAt: Self.millisecond(0))
        #expect(heartbeat.timerFired(at: Self.millisecond(53_704), Self.rounds) == .sendPing)
        #expect(heartbeat.timerFired(at: Self.millisecond(107_700), Self.rounds) == .sendPing)
        #expect(heartbeat.deadline(Self.rounds) == Self.millisecond(113_704))
        #expect(heartbeat.timerFired(at: Self.millisecond(113_703), Self.rounds) == .wait)
        #expect(heartbeat.timerFired(at: Self.millisecond(113_704), Self.rounds) == .close)
    }

    @Test func `a clock that has just begun has a first round`() {
        let heartbeat = Heartbeat(startedAt: MonotonicInstant(nanoseconds: 0))
        let schedule = Heartbeat.Schedule(
            pingPeriod: .seconds(1), pongWait: .seconds(2), roundSpan: .seconds(1), roundPhase: .milliseconds(999))
        #expect(heartbeat.deadline(schedule) == MonotonicInstant(nanoseconds: 999_000_000))
    }

    @Test func `a round that is longer than the period is our bug`() async {
        await #expect(processExitsWith: .failure) {
            _ = Heartbeat.Schedule(pingPeriod: .seconds(1), pongWait: .seconds(2), roundSpan: .seconds(2))
        }
    }
}
