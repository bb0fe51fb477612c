extension Scenario {
    /// Distributes a total of streams, shops or messages over the groups, in their current proportions.
    ///
    /// The hot shops of `hot-and-cold` stay one shop: only a scenario of one group accepts a number of shops.
    package mutating func scale(
        streamCount: Int?, shopCount: Int?, messagesPerSecond: Double?
    ) throws(LoadConfigurationError) {
        if let shopCount {
            guard groups.count == 1 else {
                throw LoadConfigurationError("--shops: \(name) has several kinds of shops; describe them in a file")
            }
            let streams = groups[0].streamCount
            groups[0].shopCount = shopCount
            if streamCount == nil, shopCount > 0 {
                groups[0].streamsPerShop = max(streams / shopCount, streams > 0 ? 1 : 0)
            }
        }
        if let streamCount {
            if groups.count == 1, shopCount == nil, groups[0].shopCount > 1, groups[0].streamsPerShop > 0 {
                groups[0].shopCount = max(1, streamCount / groups[0].streamsPerShop)
            }
            let total = Double(max(self.streamCount, 1))
            for index in groups.indices where groups[index].shopCount > 0 {
                let share = groups.count == 1 ? 1 : Double(groups[index].streamCount) / total
                groups[index].streamsPerShop = Int(Double(streamCount) * share) / groups[index].shopCount
            }
        }
        if let messagesPerSecond {
            let total = self.messagesPerSecond
            for index in groups.indices {
                let share =
                    total > 0 ? groups[index].messagesPerSecond / total : 1 / Double(groups.count)
                groups[index].messagesPerSecond = messagesPerSecond * share
            }
        }
    }

    /// Rejects values that exceed `LoadLimits` or make no sense.
    package func validate() throws(LoadConfigurationError) {
        func check(_ isFine: Bool, _ text: String) throws(LoadConfigurationError) {
            if !isFine { throw LoadConfigurationError(text) }
        }
        try check(
            (Marker.byteCount...LoadLimits.textByteCountMax).contains(textByteCount),
            "bytes: \(textByteCount) is not from \(Marker.byteCount) (the marker) to \(LoadLimits.textByteCountMax)")
        for group in groups {
            try check(
                group.shopCount > 0 && group.streamsPerShop >= 0
                    && group.streamsPerShop <= LoadLimits.connectionCountMax
                    && group.messagesPerSecond >= 0 && group.messagesPerSecond.isFinite,
                "a group of shops needs at least one shop, and no negative numbers")
            try check(group.shopCount <= LoadLimits.shopCountMax, "at most \(LoadLimits.shopCountMax) shops")
        }
        try check(shopCount > 0 && shopCount <= LoadLimits.shopCountMax, "1 to \(LoadLimits.shopCountMax) shops")
        try check(
            streamCount <= LoadLimits.connectionCountMax, "at most \(LoadLimits.connectionCountMax) connections")
        try check(
            messagesPerSecond + listsPerSecond <= LoadLimits.messagesPerSecondMax,
            "at most \(LoadLimits.messagesPerSecondMax) requests a second")
        try check(
            warmUp >= .zero && steady > .zero && drainMax > .zero
                && warmUp + steady + drainMax <= LoadLimits.durationMax,
            "the parts of the run are positive and take at most \(LoadLimits.durationMax)")
        try check(
            listsPerSecond >= 0 && churnPerSecond >= 0 && churnPerSecond <= 1_000_000, "rates are not negative")
        try check(
            (0...1).contains(slowShare) && (0...1).contains(catchUpShare) && slowShare + catchUpShare <= 1,
            "shares are from 0 to 1")
    }
}
