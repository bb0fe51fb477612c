import Testing

@testable import LoadGenerator

@Suite struct CostModelTests {
    private func samples(_ server: SyntheticServer) -> [CostSample] {
        var server = server
        return [100, 1000, 5000, 20_000, 50_000].flatMap { connections in
            [0, 20.0, 100, 400, 1600].map { rate in
                // Shops of different sizes set deliveries apart from messages.
                server.membersPerShop = connections == 1000 ? 10 : 100
                return server.sample(LoadPoint(connectionCount: connections, messagesPerSecond: rate))
            }
        }
    }

    private func isNear(_ value: Double, _ truth: Double, within part: Double) -> Bool {
        abs(value - truth) <= truth * part
    }

    @Test func `without noise the costs are found exactly`() throws {
        let model = try #require(CostModel(samples(SyntheticServer())))
        #expect(isNear(model.processors.base, 0.02, within: 1e-6))
        #expect(isNear(model.processors.perConnection, 2e-6, within: 1e-6))
        #expect(isNear(model.processors.perDelivery, 3e-6, within: 1e-6))
        #expect(isNear(model.processors.perMessage, 60e-6, within: 1e-6))
        #expect(isNear(try #require(model.userBytes).perConnection, 354, within: 1e-6))
        #expect(isNear(try #require(model.kernelBytes).perConnection, 4600, within: 1e-6))
        #expect(isNear(try #require(model.networkBytes).perDelivery, 620, within: 1e-6))
        #expect(model.processors.heldOutErrorMax < 1e-6)
        #expect(
            model.measured
                == .init(
                    connectionCount: 50_000, deliveriesPerSecond: 160_000, messagesPerSecond: 1600,
                    membersPerShopMin: 10, membersPerShopMax: 100))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `with 5 percent of noise the costs are near and the stated error is honest`(seed: UInt64) throws {
        let server = SyntheticServer(noise: 0.05, random: SeededGenerator(seed: seed))
        let model = try #require(CostModel(samples(server)))
        #expect(isNear(model.processors.perDelivery, 3e-6, within: 0.1), "seed \(seed)")
        #expect(isNear(try #require(model.kernelBytes).perConnection, 4600, within: 0.03), "seed \(seed)")
        // A uniform error of ±5 % has a median of 2.5 %; the fit adds little to it.
        #expect((0.01...0.05).contains(model.processors.heldOutErrorMedian), "seed \(seed)")
        #expect(model.processors.heldOutErrorMax < 0.25, "seed \(seed)")
    }

    @Test func `no cost is negative`() throws {
        var random = SeededGenerator(seed: 5)
        let noise = (0..<30).map { _ in
            CostSample(
                connectionCount: Double.random(in: 0...1000, using: &random),
                deliveriesPerSecond: Double.random(in: 0...1000, using: &random),
                messagesPerSecond: Double.random(in: 0...10, using: &random),
                processors: Double.random(in: 0...1, using: &random))
        }
        let fit = try #require(CostModel(noise)).processors
        for coefficient in [fit.base, fit.perConnection, fit.perDelivery, fit.perMessage] { #expect(coefficient >= 0) }
    }

    @Test func `with one size of shop the deliveries carry the cost of their message`() throws {
        var server = SyntheticServer()
        let model = try #require(
            CostModel(
                [100, 5000, 20_000].flatMap { connections in
                    [10, 100, 1000].map {
                        server.sample(LoadPoint(connectionCount: connections, messagesPerSecond: $0))
                    }
                }))
        #expect(!model.measured.tellsMessagesFromDeliveries)
        #expect(isNear(model.processors.perDelivery, 3.6e-6, within: 1e-6) && model.processors.perMessage == 0)
    }

    @Test func `what was not measured is not fitted`() throws {
        var bare = samples(SyntheticServer())
        for index in bare.indices { bare[index].kernelByteCount = nil }
        #expect(try #require(CostModel(bare)).kernelBytes == nil)
        #expect(CostModel(Array(bare.prefix(4))) == nil)
    }

    @Test func `a column that lowers the sum is left at 0`() {
        // target = 2a − b: with b ≥ 0 the best is b = 0.
        let rows = [[1.0, 0], [1, 1], [2, 1], [3, 2], [1, 3]]
        let targets = rows.map { 2 * $0[0] - $0[1] + 3 }
        let found = LeastSquares.nonNegative(rows: rows, targets: targets, weights: rows.map { _ in 1 })
        #expect(found[1] == 0 && found[0] > 0)
        let dependent = [[1.0, 2], [2, 4], [3, 6]]
        let line = LeastSquares.nonNegative(rows: dependent, targets: [2, 4, 6], weights: [1, 1, 1])
        #expect(isNear(line[0] + 2 * line[1], 2, within: 1e-9))
    }

    @Test func `a report gives a row with half of a shared kernel's memory`() throws {
        let report = SampleReport(steadySeconds: 6).report()
        let sample = try #require(CostSample(report))
        #expect(isNear(sample.processors, 0.9, within: 1e-6))
        #expect(sample.kernelByteCount == 12_140_000)
        #expect(sample.userByteCount == Double((9 << 20) + 354 * 5000))
        #expect(sample.networkBytesPerSecond == nil)
        var warm = report
        warm.server?.kernel[0].slabByteCounts = report.server?.kernel[1].slabByteCounts ?? [:]
        #expect(try #require(CostSample(warm)).kernelByteCount == nil)
        #expect(CostSample(SampleReport(steadySeconds: 3, watchesServer: false).report()) == nil)
    }

    @Test func `a late generator leaves a pass a pass, and is the limit of a failure`() {
        let point = LoadPoint(connectionCount: 5000, messagesPerSecond: 200)
        let objective = Objective(p99NanosecondsMax: 50_000_000)
        let good = Observation(SampleReport(steadySeconds: 6).report(), at: point, shares: [.network: 0.2])
        #expect(good.meets(objective) && good.shares[.network] == 0.2)
        let full = Observation(SampleReport(steadySeconds: 6, generatorBusyShare: 0.95).report(), at: point)
        #expect(full.meets(objective) && Knee.limit(in: full) == .generator)
        let short = Observation(SampleReport(steadySeconds: 6, answeredShare: 0.9).report(), at: point)
        #expect(!short.meets(objective))
        var empty = SampleReport(steadySeconds: 6).report()
        empty.seconds = []
        #expect(!Observation(empty, at: point).isReached)
    }
}
