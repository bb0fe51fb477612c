import Glibc
import Primitives
import Reactor
import Synchronization

/// The lanes of one process, each on a thread of its own.
package final class LaneThreads: Sendable {
    private struct Outcome: Sendable {
        var measurements: [LaneMeasurements] = []
        var failures: [String] = []
    }

    private let threads: [ReactorThread]
    private let outcome: OutcomeBox

    private final class OutcomeBox: Sendable {
        let value = Mutex(Outcome())
    }

    /// Starts the lanes; each is bound to one of `processors`, in turn, unless there are none.
    package init(plan: RunPlan, board: Board, lanes: Range<Int>, processors: [Int]) {
        let box = OutcomeBox()
        outcome = box
        threads = lanes.map { lane in
            ReactorThread(name: "lane-\(lane)") {
                if !processors.isEmpty {
                    ReactorThread.pinCurrent(toProcessor: processors[lane % processors.count])
                }
                ReactorThread.setCurrentTimerSlack(.microseconds(1))
                do {
                    let measurements = try Self.run(plan, board, lane)
                    box.value.withLock { $0.measurements.append(measurements) }
                } catch {
                    box.value.withLock { $0.failures.append("\(error)") }
                    // The other lanes do not wait for a lane that failed to start.
                    board.isStopping = true
                    board.setPhase(.finished, ofLane: lane)
                }
            }
        }
    }

    /// Waits until all lanes have ended. Returns their measurements, and the errors of those that failed. Call it once.
    package func join() -> (measurements: [LaneMeasurements], failures: [String]) {
        for thread in threads { thread.join() }
        return outcome.value.withLock { ($0.measurements.sorted { $0.lane < $1.lane }, $0.failures) }
    }

    private static func run(_ plan: RunPlan, _ board: Board, _ index: Int) throws -> LaneMeasurements {
        var limits = ReactorLimits()
        limits.outgoingConnectionCountMax = plan.streamCount(ofLane: index) + plan.postersPerLane + 64
        limits.descriptorReserveCount = 0
        limits.descriptorCountMax = limits.outgoingConnectionCountMax + 1
        limits.receiveBufferByteCount = powerOfTwo(atLeast: plan.scenario.textByteCount + 512, from: 1_024)
        limits.receiveBufferCount = min(
            16_384, powerOfTwo(atLeast: limits.outgoingConnectionCountMax, from: 512),
            max(512, powerOfTwo(atLeast: (32 << 20) / limits.receiveBufferByteCount, from: 512)))
        limits.completionCountMax = 65_536
        limits.completionBudgetPerTurn = 65_536
        limits.waitSpanMax = .seconds(1)
        let driver = try UringDriver(limits: limits)
        let reactor = Lane.LaneReactor(driver: driver, limits: limits)
        let lane = try Lane(plan: plan, board: board, index: index, reactor: reactor)
        reactor.attach(lane)
        lane.start()
        while !lane.isFinished { reactor.turn() }
        let measurements = lane.measurements
        closeConnections(of: lane, reactor)
        reactor.stop()
        reactor.run()
        if let failure = lane.failure { throw failure }
        return measurements
    }

    /// Closes the connections one by one. The kernel would cancel the receives of a ring that ends, in a time that grows
    /// with the square of their number: 4 s for 12,000.
    private static func closeConnections(of lane: Lane, _ reactor: Lane.LaneReactor) {
        for connection in reactor.connections { lane.close(connection) }
        let deadline = reactor.now + .seconds(60)
        while reactor.connectionCount > 0, reactor.now < deadline { reactor.turn() }
    }

    private static func powerOfTwo(atLeast count: Int, from least: Int) -> Int {
        var value = least
        while value < count, value < 1 << 30 { value *= 2 }
        return value
    }
}
