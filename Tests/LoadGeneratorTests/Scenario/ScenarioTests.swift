import LoadGenerator
import Testing

@Suite struct ScenarioTests {
    @Test(arguments: Scenario.names)
    func `every named scenario is valid`(name: String) throws {
        let scenario = try #require(Scenario.named(name))
        #expect(scenario.name == name)
        try scenario.validate()
    }

    @Test func `an unknown name has no scenario`() {
        #expect(Scenario.named("nothing") == nil)
    }

    @Test(arguments: ["idle", "one-shop", "many-shops", "wide", "churn", "storm", "slow", "catch-up", "mixed"])
    func `a number of connections is reached in whole shops`(name: String) throws {
        var scenario = try #require(Scenario.named(name))
        let rate = scenario.messagesPerSecond
        try scenario.scale(streamCount: 12_000, shopCount: nil, messagesPerSecond: nil)
        #expect(scenario.streamCount == 12_000)
        #expect(scenario.messagesPerSecond == rate)
    }

    @Test func `connections and shops together give the streams of a shop`() throws {
        var scenario = try #require(Scenario.named("many-shops"))
        try scenario.scale(streamCount: 6_000, shopCount: 20, messagesPerSecond: 7)
        #expect(scenario.groups == [ShopGroup(shopCount: 20, streamsPerShop: 300, messagesPerSecond: 7)])
    }

    @Test func `hot and cold keep their proportions`() throws {
        var scenario = try #require(Scenario.named("hot-and-cold"))
        try scenario.scale(streamCount: 26_000, shopCount: nil, messagesPerSecond: 410)
        #expect(scenario.groups[0].streamsPerShop == 20_000)
        #expect(scenario.groups[1].streamsPerShop == 6)
        #expect(scenario.groups.map(\.messagesPerSecond) == [10, 400])
    }

    @Test func `a file changes its base`() throws {
        let scenario = try Scenario(
            fileText: """
                # an evening
                base = churn
                group = 1 500 5     # the busy one
                group = 200 3 40

                duration = 2.5
                bytes = 100
                arrival = poisson
                """, name: "evening")
        #expect(scenario.name == "evening")
        #expect(
            scenario.groups == [
                ShopGroup(shopCount: 1, streamsPerShop: 500, messagesPerSecond: 5),
                ShopGroup(shopCount: 200, streamsPerShop: 3, messagesPerSecond: 40),
            ])
        #expect(scenario.churnPerSecond == 100)
        #expect(scenario.steady == .milliseconds(2_500))
        #expect(scenario.textByteCount == 100)
        #expect(scenario.arrival == .poisson)
    }

    @Test(arguments: [
        ("colour = red", 1), ("\nbytes", 2), ("bytes = many", 1), ("group = 1 2", 1), ("base = nothing", 1),
        ("arrival = sometimes", 1), ("duration = 1e400", 1),
    ])
    func `a wrong line of a file is named`(text: String, line: Int) {
        let error = #expect(throws: LoadConfigurationError.self) { try Scenario(fileText: text, name: "f") }
        #expect(error?.description.hasPrefix("f, line \(line): ") == true)
    }

    @Test func `a value beyond the limits is refused`() throws {
        func refused(_ change: (inout Scenario) -> Void) throws {
            var scenario = try #require(Scenario.named("many-shops"))
            change(&scenario)
            #expect(throws: LoadConfigurationError.self) { try scenario.validate() }
        }
        try refused { $0.textByteCount = Marker.byteCount - 1 }
        try refused { $0.textByteCount = LoadLimits.textByteCountMax + 1 }
        try refused { $0.groups = [] }
        try refused { $0.groups[0].streamsPerShop = LoadLimits.connectionCountMax }
        try refused { $0.groups[0].messagesPerSecond = -1 }
        try refused { $0.groups[0].messagesPerSecond = .infinity }
        try refused { $0.steady = .zero }
        try refused { $0.steady = .seconds(25 * 3_600) }
        try refused { $0.slowShare = 1.5 }
    }
}

@Suite struct PopulationTests {
    private let population = Population(
        groups: [
            ShopGroup(shopCount: 2, streamsPerShop: 7, messagesPerSecond: 0),
            ShopGroup(shopCount: 3, streamsPerShop: 0, messagesPerSecond: 0),
            ShopGroup(shopCount: 2, streamsPerShop: 2, messagesPerSecond: 0),
        ], streamsPerUser: 5)

    @Test func `streams lie in their shops one after the other`() {
        #expect(population.shopCount == 7)
        #expect(population.streamCount == 18)
        let shops = (0..<18).map { population.shop(ofStream: $0) }
        #expect(shops == Array(repeating: 0, count: 7) + Array(repeating: 1, count: 7) + [5, 5, 6, 6])
        #expect((0..<7).map { population.streams(ofShop: $0).count } == [7, 7, 0, 0, 0, 2, 2])
    }

    @Test func `every stream's user and the poster are members, each once`() {
        var lines: [String] = []
        population.forEachMemberLine { lines.append($0) }
        #expect(Set(lines).count == lines.count)
        let members = Set(lines)
        for stream in 0..<18 {
            let shop = population.shopName(population.shop(ofStream: stream))
            #expect(members.contains("\(shop),\(population.userName(ofStream: stream)),member"))
        }
        for shop in 0..<7 {
            #expect(members.contains("\(population.shopName(shop)),\(population.posterName),member"))
        }
    }

    @Test func `no user has more streams than allowed`() {
        let counts = Dictionary(grouping: 0..<18) { population.userName(ofStream: $0) }.mapValues(\.count)
        #expect(counts.values.max() == 5)
    }
}
