extension Counters {
    /// What was counted that a server within its limits does not do, in words, such as `3 lost`; empty when it kept
    /// every promise.
    var faults: [String] {
        let refused = statuses.values.reduce(0, +) - accepted
        let counts = [
            (lost, "lost"), (duplicated, "duplicated"), (outOfOrder, "out of order"), (foreign, "of another shop"),
            (corruptFrames, "corrupt"), (cutFrames, "cut off"), (refused, "refused"),
            (requestTimeouts, "unanswered"), (disconnects, "ended by the server or an error"),
        ]
        return counts.filter { $0.0 > 0 }.map { "\(NumberText.count($0.0)) \($0.1)" }
    }
}
