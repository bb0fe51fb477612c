import Glibc
import Primitives

/// Coordinates a run from connecting to its end, only through the board. It makes no load itself.
package struct Coordinator {
    private let plan: RunPlan
    private let board: Board
    /// The time limit for opening connections. Sending then begins with those that are open.
    private let connectMax: Duration
    private let pause: Duration

    /// Creates the coordinator of a run; `hold` is how long the open connections stay idle before sending begins.
    package init(plan: RunPlan, board: Board, connectMax: Duration, hold: Duration) {
        self.plan = plan
        self.board = board
        self.connectMax = connectMax
        pause = hold
    }

    /// The monotonic clock.
    package static var now: MonotonicInstant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// Coordinates until every lane has ended. Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - isInterrupted: Whether the user wants the run to end early; what was measured so far is reported.
    ///   - watch: Called twenty times a second.
    ///   - held: Called once, when all connections have been open and idle for the pause.
    package func lead(isInterrupted: () -> Bool, watch: (String) -> Void, held: () -> Void) {
        let deadline =
            board.beganAt + connectMax + pause + plan.scenario.warmUp + plan.scenario.steady
            + plan.scenario.drainMax + plan.scenario.drainMax + .seconds(10)
        var heldUntil: MonotonicInstant?
        var completeAt: MonotonicInstant?
        while board.commonPhase < .finished {
            usleep(50_000)
            let now = Self.now
            if isInterrupted() || now > deadline { stop(now) }
            if board.startAt == nil {
                if board.commonPhase >= .ready || now.since(board.beganAt) > connectMax || board.isStopping {
                    // A server that accepts no stream cannot be measured.
                    if plan.population.streamCount > 0, board.total(.openStreams) == 0 { stop(now) }
                    let pauseEnd = heldUntil ?? now + pause
                    heldUntil = pauseEnd
                    if now >= pauseEnd || board.isStopping {
                        held()
                        board.startAt = Self.now + .milliseconds(100)
                    }
                }
            } else if board.drainUntil == nil {
                if board.commonPhase >= .posted { board.drainUntil = now + plan.scenario.drainMax }
            } else if board.commonPhase >= .complete, !board.isOver {
                // Duplicates and foreign messages would arrive about now.
                completeAt = completeAt ?? now
                if let completeAt, now.since(completeAt) > .milliseconds(300) {
                    board.endedAt = now
                    board.isOver = true
                }
            }
            watch(stage(now))
        }
    }

    private func stop(_ now: MonotonicInstant) {
        guard !board.isStopping else { return }
        board.stoppedAt = now
        board.isStopping = true
    }

    private func stage(_ now: MonotonicInstant) -> String {
        guard let startAt = board.startAt else { return "connecting" }
        if board.isStopping || now >= startAt + plan.scenario.warmUp + plan.scenario.steady { return "draining" }
        return now < startAt + plan.scenario.warmUp ? "warming up" : "measuring"
    }

    /// The duration of each part of the run, once it is over.
    package func phases() -> ScenarioDescription.Phases {
        func seconds(_ duration: Duration) -> Double { Double(duration.wholeNanoseconds) / 1e9 }
        let startAt = board.startAt ?? board.beganAt
        var end = startAt + plan.scenario.warmUp + plan.scenario.steady
        if let stoppedAt = board.stoppedAt { end = min(end, max(stoppedAt, startAt)) }
        let steadyStart = min(startAt + plan.scenario.warmUp, end)
        return ScenarioDescription.Phases(
            connectSeconds: seconds(startAt.since(board.beganAt)),
            warmUpSeconds: seconds(steadyStart.since(startAt)),
            steadySeconds: seconds(end.since(steadyStart)),
            drainSeconds: seconds((board.endedAt ?? end).since(end)))
    }
}
