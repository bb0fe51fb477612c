/// The bounds of a search for knees.
package struct SearchLimits: Codable, Equatable, Sendable {
    /// The rate that a search starts with, messages a second.
    var messagesPerSecondMin = 10.0
    /// The rate beyond which it does not go.
    var messagesPerSecondMax = 100_000.0
    /// By how much the rate is raised while the objective is kept.
    var raiseFactor = 2.0
    /// A knee is found when the lowest failing rate is at most so many times the highest passing one.
    var precisionFactor = 1.05
    /// How near to the bound, as a part of it, a latency needs a second run.
    var doubtBand = 0.2
    /// Runs of one point at most: an odd number, so that a majority decides.
    var runsPerPointMax = 3
    /// The same for a point that failed although a higher rate passed.
    var runsPerContradictedPointMax = 7

    /// The default limits.
    package init() {}

    /// Stops the process when the limits contradict each other.
    func check() {
        precondition(messagesPerSecondMin > 0 && messagesPerSecondMax >= messagesPerSecondMin, "rates are positive")
        precondition(raiseFactor > 1 && precisionFactor > 1, "a search makes progress")
        precondition(runsPerPointMax > 0 && !runsPerPointMax.isMultiple(of: 2), "a majority decides")
        precondition(runsPerContradictedPointMax >= runsPerPointMax, "a contradiction needs no less")
    }
}
