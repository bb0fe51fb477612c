extension Counters {
    /// What was counted that a server within its limits does not do, in words, such as `3 lost`; empty when it kept
    /// every promise.
    var faults: [String] {
        let unopened = upgradeStatuses.values.reduce(0, +) + connectErrors.values.reduce(0, +)
        let counts = [
            (lost, "lost"), (duplicated, "duplicated"), (outOfOrder, "out of order"), (foreign, "of another shop"),
            (corruptFrames, "corrupt"), (cutFrames, "cut off"), (refused, "refused"),
            (requestTimeouts, "unanswered"), (requestErrors.values.reduce(0, +), "requests failed"),
            (unopened, "streams refused"), (disconnects, "streams ended early"),
        ]
        return counts.filter { $0.0 > 0 }.map { "\(NumberText.count($0.0)) \($0.1)" }
    }
}
