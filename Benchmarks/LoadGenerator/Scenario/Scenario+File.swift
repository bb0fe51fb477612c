extension Scenario {
    /// Reads a scenario file: one `key = value` per line; `#` begins a comment.
    ///
    /// `base` names the scenario that the file changes and comes first. `group = SHOPS STREAMS RATE`, once for each
    /// kind of shop, replaces its shops. The other keys are those of `apply`.
    package init(fileText: String, name: String) throws(LoadConfigurationError) {
        self = Scenario(name: name, groups: [])
        var groups: [ShopGroup] = []
        for (index, line) in fileText.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = Self.trim(line.prefix { $0 != "#" })
            if content.isEmpty { continue }
            let parts = content.split(separator: "=", maxSplits: 1).map { Self.trim($0) }
            guard parts.count == 2 else {
                throw LoadConfigurationError("\(name), line \(index + 1): `key = value` is expected")
            }
            do throws(LoadConfigurationError) {
                switch parts[0] {
                case "base":
                    guard let base = Scenario.named(parts[1]) else {
                        throw LoadConfigurationError("there is no scenario '\(parts[1])'")
                    }
                    self = base
                    self.name = name
                case "group":
                    groups.append(try Self.group(parts[1]))
                default:
                    try apply(key: parts[0], value: parts[1])
                }
            } catch {
                throw LoadConfigurationError("\(name), line \(index + 1): \(error)")
            }
        }
        if !groups.isEmpty { self.groups = groups }
    }

    private static func group(_ text: String) throws(LoadConfigurationError) -> ShopGroup {
        let fields = text.split(separator: " ")
        guard fields.count == 3, let shops = Int(fields[0]), let streams = Int(fields[1]), let rate = Double(fields[2])
        else { throw LoadConfigurationError("group = SHOPS STREAMS_PER_SHOP MESSAGES_PER_SECOND is expected") }
        return ShopGroup(shopCount: shops, streamsPerShop: streams, messagesPerSecond: rate)
    }

    private mutating func apply(key: String, value: String) throws(LoadConfigurationError) {
        func number() throws(LoadConfigurationError) -> Double {
            guard let number = Double(value), number.isFinite, abs(number) < 1e12 else {
                throw LoadConfigurationError("'\(value)' is no number")
            }
            return number
        }
        func duration() throws(LoadConfigurationError) -> Duration {
            .milliseconds(Int64(try number() * 1_000))
        }
        switch key {
        case "bytes": textByteCount = Int(try number())
        case "warm-up": warmUp = try duration()
        case "duration": steady = try duration()
        case "drain": drainMax = try duration()
        case "lists": listsPerSecond = try number()
        case "churn": churnPerSecond = try number()
        case "slow": slowShare = try number()
        case "catch-up": catchUpShare = try number()
        case "storm": hasStorm = try number() != 0
        case "arrival":
            guard let kind = ArrivalKind(rawValue: value) else {
                throw LoadConfigurationError("fixed or poisson is expected")
            }
            arrival = kind
        case "profile":
            guard let profile = RateProfile(rawValue: value) else {
                throw LoadConfigurationError("constant or day is expected")
            }
            self.profile = profile
        default:
            throw LoadConfigurationError("'\(key)' is no key of a scenario")
        }
    }

    private static func trim(_ text: Substring) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        var rest = text.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }
}
