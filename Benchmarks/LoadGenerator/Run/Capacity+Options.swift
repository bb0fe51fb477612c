extension Objective {
    /// A bound in milliseconds, as it is given on a command line.
    package init(milliseconds: Double) {
        self.init(p99NanosecondsMax: UInt64(milliseconds * 1e6))
    }
}

extension SearchLimits {
    /// The default limits between two rates, messages a second; `0 < messagesPerSecondMin <= messagesPerSecondMax`.
    package init(messagesPerSecondMin: Double, messagesPerSecondMax: Double) {
        self.init()
        self.messagesPerSecondMin = messagesPerSecondMin
        self.messagesPerSecondMax = messagesPerSecondMax
    }
}
