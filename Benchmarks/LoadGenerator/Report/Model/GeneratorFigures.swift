/// What the generator was, and whether it kept up with what it meant to do.
package struct GeneratorFigures: Codable, Equatable, Sendable {
    /// Processes that made the load.
    var processCount = 1
    /// Each reactor of each process; their order says nothing.
    var reactors: [ReactorFigures] = []
    /// How many nanoseconds after its intended time the generator noticed that a message of the steady phase was due.
    /// Sending may take longer: the message then waits for the answers to those before it.
    var lateness = LatencyDistribution()
    /// For how many nanoseconds each buffer of the steady phase lay in the hands of the reactor that had been given it
    /// before it was read: the latencies hold it.
    var receiveDelay = LatencyDistribution()
    /// Requests of the steady phase that, when they were due, found every posting connection of their reactor with as
    /// many unanswered requests as it may have.
    var allPostersBusyCount = 0

    /// The greatest share of the steady phase for which one reactor was busy, 0 to 1; nil when none was measured.
    var busyShareMax: Double? { reactors.map(\.busyShare).max() }

    /// The CPU seconds of all reactors in the steady phase.
    var busySeconds: Double { reactors.reduce(0) { $0 + $1.busySeconds } }

    /// One reactor's thread in the steady phase.
    package struct ReactorFigures: Codable, Equatable, Sendable {
        /// The process, 0 and up.
        var process: Int
        /// The reactor within the process, 0 and up.
        var reactor: Int
        /// Seconds that its thread was busy: its CPU time, or the time that it did not wait if that is more.
        var busySeconds: Double
        /// The same of all reactors of the process that are bound to the same processor; its own when none is.
        var processorBusySeconds: Double
        /// Seconds that passed.
        var wallSeconds: Double

        /// How much of the time it could not have done more, 0 to 1: reactors that share a processor are as busy as it
        /// is, as none has what another takes.
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
