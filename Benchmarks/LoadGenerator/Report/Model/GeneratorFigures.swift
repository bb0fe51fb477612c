/// The generator's configuration, and whether it kept up with its schedule.
package struct GeneratorFigures: Codable, Equatable, Sendable {
    /// The number of processes that made the load.
    var processCount = 1
    /// Each reactor of each process, in no particular order.
    var reactors: [ReactorFigures] = []
    /// The nanoseconds between the intended time of a message of the steady phase and the generator noticing that it
    /// was due. Sending may take longer: the message then waits for the answers to earlier ones.
    var lateness = LatencyDistribution()
    /// The nanoseconds that each buffer of the steady phase waited in its reactor before it was read. The latencies
    /// include them.
    var receiveDelay = LatencyDistribution()
    /// Requests of the steady phase that, when they were due, found every posting connection of their reactor with the
    /// maximum number of unanswered requests.
    var allPostersBusyCount = 0

    /// The largest busy share of one reactor in the steady phase, 0 to 1; nil when none was measured.
    var busyShareMax: Double? { reactors.map(\.busyShare).max() }

    /// The CPU seconds of all reactors in the steady phase.
    var busySeconds: Double { reactors.reduce(0) { $0 + $1.busySeconds } }

    /// One reactor's thread in the steady phase.
    package struct ReactorFigures: Codable, Equatable, Sendable {
        /// The process, 0 and up.
        var process: Int
        /// The reactor within the process, 0 and up.
        var reactor: Int
        /// Seconds that its thread was busy: the greater of its CPU time and the time that it did not wait.
        var busySeconds: Double
        /// The same, summed over all reactors of the process that are bound to the same processor; its own when none
        /// is.
        var processorBusySeconds: Double
        /// Seconds that passed.
        var wallSeconds: Double

        /// The share of the time in which it could not have done more, 0 to 1. Reactors that share a processor are as
        /// busy as the processor.
        var busyShare: Double { wallSeconds > 0 ? min(processorBusySeconds / wallSeconds, 1) : 0 }
    }

    /// Adds another process's generator.
    mutating func merge(_ other: GeneratorFigures) {
        processCount += other.processCount
        reactors += other.reactors
        lateness.merge(other.lateness)
        receiveDelay.merge(other.receiveDelay)
        allPostersBusyCount += other.allPostersBusyCount
        reactors.sort { ($0.process, $0.reactor) < ($1.process, $1.reactor) }
    }
}
