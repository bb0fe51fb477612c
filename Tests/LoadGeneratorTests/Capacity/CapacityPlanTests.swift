import Testing

@testable import LoadGenerator

@Suite struct CapacityPlanTests {
    private func model() throws -> CostModel {
        var server = SyntheticServer()
        return try #require(
            CostModel(
                [(100, 0.0), (1000, 100), (10_000, 10), (20_000, 500), (50_000, 50), (50_000, 1000)].map {
                    server.membersPerShop = $0.0 == 1000 ? 10 : 100
                    return server.row(LoadPoint(connectionCount: $0.0, messagesPerSecond: $0.1))
                }))
    }

    private let node = Demand.Node(processorCount: 8, memoryByteCount: 16e9, networkBytesPerSecond: 1.25e9)

    @Test func `a demand within the measured loads takes one node and no extrapolation`() throws {
        let demand = Demand(
            connectionCount: 40_000, messagesPerSecond: 500, membersPerShop: 100, headroom: 0.3, node: node,
            processorShareMax: 0.9)
        let plan = try CapacityPlan(demand, by: model())
        #expect(plan.nodeCount == 1)
        #expect(plan.extrapolations == [])
        #expect(plan.lines.map(\.quantity) == [.processors, .memory, .bandwidth])
        // 0.02 + 40,000 × 2 µs + 50,000 × 3 µs + 500 × 60 µs
        #expect(abs(plan.lines[0].totalUsed - 0.28) < 1e-6)
        #expect(
            plan.lines[0].formula
                == "1 node × 0.0200 + 40 k streams × 2.00 µs/s + 50 k deliveries/s × 3.00 µs + 500 messages/s × 60.0 µs"
        )
    }

    @Test func `the plan has the fewest nodes that hold every resource with its headroom`() throws {
        for connections in [1e5, 1e6, 1e7] {
            for headroom in [0, 0.3, 0.6] {
                let demand = Demand(
                    connectionCount: connections, messagesPerSecond: connections / 100, membersPerShop: 50,
                    headroom: headroom, node: node)
                let plan = try CapacityPlan(demand, by: model())
                let needed = try #require(plan.lines.map(\.nodesNeeded).max())
                #expect(needed <= Double(plan.nodeCount) + 1e-6)
                #expect(plan.nodeCount == 1 || needed > Double(plan.nodeCount - 1))
                for line in plan.lines { #expect(line.usedPerNode <= line.nodeHas * (1 - headroom) * (1 + 1e-6)) }
            }
        }
    }

    @Test func `figures beyond the measured grid are named`() throws {
        let demand = Demand(
            connectionCount: 1e6, messagesPerSecond: 2000, membersPerShop: 1000, headroom: 0.2, node: node)
        let plan = try CapacityPlan(demand, by: model())
        #expect(plan.nodeCount > 1)
        #expect(plan.extrapolations.contains { $0.contains("streams on a node, measured up to 50,000") })
        #expect(plan.extrapolations.contains { $0.contains("nodes, measured with one") })
        #expect(plan.extrapolations.contains("1,000 members a shop, measured 10.0 to 100"))
    }

    @Test func `processors are not planned beyond their share at the knee`() throws {
        let nodes = { (share: Double?) in
            try CapacityPlan(
                Demand(
                    connectionCount: 1e5, messagesPerSecond: 1e4, membersPerShop: 100, headroom: 0.2, node: node,
                    processorShareMax: share), by: model()
            ).lines[0].nodesNeeded
        }
        #expect(try nodes(1) == nodes(0.8) && nodes(nil) == nodes(1))
        #expect(try nodes(0.4) > 1.9 * nodes(0.8))
    }

    @Test func `memory that was not measured is named`() throws {
        var model = try model()
        model.kernelBytes = nil
        let demand = Demand(
            connectionCount: 10, messagesPerSecond: 1, membersPerShop: 50, headroom: 0, node: node, processorShareMax: 1
        )
        let plan = try CapacityPlan(demand, by: model)
        #expect(plan.extrapolations == ["memory without the kernel's, which was not measured"])
    }

    @Test func `a plan without a knee of the CPU says that none was found`() throws {
        let demand = Demand(connectionCount: 10, messagesPerSecond: 1, membersPerShop: 50, headroom: 0, node: node)
        #expect(try CapacityPlan(demand, by: model()).extrapolations.count { $0.contains("no knee was found") } == 1)
    }

    @Test func `without runs of different numbers of streams there is no plan`() throws {
        var model = try model()
        model.measured.connectionCountMin = 30_000
        let demand = Demand(connectionCount: 10, messagesPerSecond: 1, membersPerShop: 50, headroom: 0, node: node)
        #expect(throws: CapacityPlan.PlanError.streamsNotTold) { try CapacityPlan(demand, by: model) }
    }

    @Test func `a node that is full by itself is refused`() throws {
        let small = Demand.Node(processorCount: 4, memoryByteCount: 1e6, networkBytesPerSecond: 1e9)
        let demand = Demand(connectionCount: 1, messagesPerSecond: 1, membersPerShop: 1, headroom: 0, node: small)
        let model = try model()
        #expect(throws: CapacityPlan.PlanError.nodeTooSmall(.memory)) { try CapacityPlan(demand, by: model) }
    }

    @Test func `the resource that takes the most nodes decides`() throws {
        let model = try model()
        let decided = { (node: Demand.Node) in
            try CapacityPlan(
                Demand(
                    connectionCount: 1e6, messagesPerSecond: 1000, membersPerShop: 100, headroom: 0.2, node: node),
                by: model
            ).decidedBy
        }
        #expect(
            try decided(.init(processorCount: 1, memoryByteCount: 1e12, networkBytesPerSecond: 1e12)) == .processors)
        #expect(try decided(.init(processorCount: 64, memoryByteCount: 1e9, networkBytesPerSecond: 1e12)) == .memory)
        #expect(try decided(.init(processorCount: 64, memoryByteCount: 1e12, networkBytesPerSecond: 1e7)) == .bandwidth)
    }
}
