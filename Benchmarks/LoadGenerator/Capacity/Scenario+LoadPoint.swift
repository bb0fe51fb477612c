extension Scenario {
    /// The streams per shop, which a search may change; nil where there is one shop, or shops of several kinds.
    package var streamsPerShop: Int? {
        guard groups.count == 1, groups[0].shopCount > 1, groups[0].streamsPerShop > 0 else { return nil }
        return groups[0].streamsPerShop
    }

    /// The scenario with the load of `point`. Shops of a given size are as many as the streams fill.
    package func scaled(to point: LoadPoint) throws(LoadConfigurationError) -> Scenario {
        var scenario = self
        if let membersPerShop = point.membersPerShop {
            precondition(groups.count == 1 && membersPerShop > 0, "shops of one kind have one size")
            scenario.groups[0].streamsPerShop = min(membersPerShop, point.connectionCount)
            scenario.groups[0].shopCount = max(1, point.connectionCount / membersPerShop)
            try scenario.scale(streamCount: nil, shopCount: nil, messagesPerSecond: point.messagesPerSecond)
        } else {
            try scenario.scale(
                streamCount: point.connectionCount, shopCount: nil, messagesPerSecond: point.messagesPerSecond)
        }
        try scenario.validate()
        return scenario
    }

    /// The settings that runs of this scenario share at any load, by name.
    package var setting: [String: String] {
        [
            "scenario": name, "arrival": arrival.rawValue, "profile": profile.rawValue, "bytes": "\(textByteCount)",
            "warm-up": "\(warmUp)", "duration": "\(steady)", "drain": "\(drainMax)", "lists": "\(listsPerSecond)",
            "churn": "\(churnPerSecond)", "storm": "\(hasStorm)", "slow": "\(slowShare)", "catch-up": "\(catchUpShare)",
            "shops": groups.map { "\($0.shopCount) of \($0.streamsPerShop) with \($0.messagesPerSecond)/s" }
                .joined(separator: ", "),
        ]
    }
}
