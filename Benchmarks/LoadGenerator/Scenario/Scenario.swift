/// A group of similar shops.
package struct ShopGroup: Hashable, Sendable {
    /// The number of shops.
    package var shopCount: Int
    /// Open streams per shop.
    package var streamsPerShop: Int
    /// Messages per second to all of them together.
    package var messagesPerSecond: Double

    /// Creates a group.
    package init(shopCount: Int, streamsPerShop: Int, messagesPerSecond: Double) {
        self.shopCount = shopCount
        self.streamsPerShop = streamsPerShop
        self.messagesPerSecond = messagesPerSecond
    }

    /// Streams of all shops of the group.
    package var streamCount: Int { shopCount * streamsPerShop }
}

/// The load of a run: shops, streams, messages, and disturbances. README.md of Benchmarks describes each scenario.
package struct Scenario: Hashable, Sendable {
    /// Its name.
    package var name: String
    /// The shops.
    package var groups: [ShopGroup]
    /// The distribution of intended send times.
    package var arrival = ArrivalKind.fixed
    /// The change of the rate over the run.
    package var profile = RateProfile.constant
    /// Bytes of a message's text.
    package var textByteCount = 500
    /// The duration of sending before measuring.
    package var warmUp = Duration.seconds(1)
    /// The duration of measuring.
    package var steady = Duration.seconds(10)
    /// The time limit for what is in flight at the end.
    package var drainMax = Duration.seconds(10)
    /// Requests per second for lists of a shop's newest messages.
    package var listsPerSecond = 0.0
    /// Streams per second that are closed and reopened.
    package var churnPerSecond = 0.0
    /// Whether all streams are cut off and reopened at once in the middle of the steady part.
    package var hasStorm = false
    /// The share of the streams, 0 to 1, that read nothing after the upgrade until the sending has ended.
    package var slowShare = 0.0
    /// The share of the streams, 0 to 1, that leave in the steady part, return, and read what they missed.
    package var catchUpShare = 0.0

    /// Creates a scenario.
    package init(name: String, groups: [ShopGroup]) {
        self.name = name
        self.groups = groups
    }

    /// Streams of all shops.
    package var streamCount: Int { groups.reduce(0) { $0 + $1.streamCount } }
    /// All shops.
    package var shopCount: Int { groups.reduce(0) { $0 + $1.shopCount } }
    /// Messages a second to all shops together.
    package var messagesPerSecond: Double { groups.reduce(0) { $0 + $1.messagesPerSecond } }
}

extension Scenario {
    /// The names that `named` accepts.
    package static let names = [
        "idle", "one-shop", "many-shops", "wide", "hot-and-cold", "churn", "storm", "slow", "catch-up", "rest", "mixed",
    ]

    /// The scenario with this name, with its defaults; nil when it does not exist.
    package static func named(_ name: String) -> Scenario? {
        func manyShops(_ rate: Double) -> [ShopGroup] {
            [ShopGroup(shopCount: 100, streamsPerShop: 10, messagesPerSecond: rate)]
        }
        var scenario = Scenario(name: name, groups: manyShops(100))
        switch name {
        case "idle":
            scenario.groups = manyShops(0)
        case "one-shop":
            scenario.groups = [ShopGroup(shopCount: 1, streamsPerShop: 1_000, messagesPerSecond: 100)]
        case "many-shops":
            break
        case "wide":
            scenario.groups = [ShopGroup(shopCount: 1_000, streamsPerShop: 1, messagesPerSecond: 1_000)]
        case "hot-and-cold":
            scenario.groups = [
                ShopGroup(shopCount: 1, streamsPerShop: 10_000, messagesPerSecond: 5),
                ShopGroup(shopCount: 1_000, streamsPerShop: 3, messagesPerSecond: 200),
            ]
        case "churn":
            scenario.churnPerSecond = 100
        case "storm":
            scenario.hasStorm = true
        case "slow":
            // 8 MB for each stream: more than its sockets' buffers hold.
            scenario.groups = [ShopGroup(shopCount: 10, streamsPerShop: 20, messagesPerSecond: 1_000)]
            scenario.textByteCount = 8_000
            scenario.slowShare = 0.1
        case "catch-up":
            scenario.catchUpShare = 0.1
        case "rest":
            scenario.groups = [ShopGroup(shopCount: 100, streamsPerShop: 0, messagesPerSecond: 200)]
            scenario.listsPerSecond = 200
        case "mixed":
            scenario.profile = .day
            scenario.arrival = .poisson
            scenario.listsPerSecond = 20
            scenario.churnPerSecond = 10
            scenario.steady = .seconds(120)
        default:
            return nil
        }
        return scenario
    }
}
