/// What the generator was, and whether it kept up with what it meant to do.
package struct GeneratorFigures: Codable, Equatable, Sendable {
    /// Processes that made the load.
    var processCount = 1
    /// Each reactor of each process; their order says nothing.
    var reactors: [ReactorFigures] = []
    /// How many nanoseconds after its intended time the generator noticed that a message of the steady phase was due.
    /// Sending may take longer: the message then waits for the answers to those before it.
    var lateness = LatencyDistribution()

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
        /// CPU seconds of its thread, user and system.
        var busySeconds: Double
        /// Seconds that passed.
        var wallSeconds: Double

        /// How much of the time it was busy, 0 to 1.
        var busyShare: Double { wallSeconds > 0 ? busySeconds / wallSeconds : 0 }
    }

    /// Adds another process's generator.
    mutating func merge(_ other: GeneratorFigures) {
        processCount += other.processCount
        reactors += other.reactors
        lateness.merge(other.lateness)
        reactors.sort { ($0.process, $0.reactor) < ($1.process, $1.reactor) }
    }
}
