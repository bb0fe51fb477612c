import Primitives
import Testing

@testable import LoadGenerator

@Suite struct CostModelTests {
    private func rows(_ server: SyntheticServer) -> [CostRow] {
        var server = server
        return [100, 1000, 5000, 20_000, 50_000].flatMap { connections in
            [0, 20.0, 100, 400, 1600].map { rate in
                // Shops of different sizes set deliveries apart from messages.
                server.membersPerShop = connections == 1000 ? 10 : 100
                return server.row(LoadPoint(connectionCount: connections, messagesPerSecond: rate))
            }
        }
    }

    private func isNear(_ value: Double, _ truth: Double, within part: Double) -> Bool {
        abs(value - truth) <= truth * part
    }

    @Test func `without noise the costs are found exactly`() throws {
        let model = try #require(CostModel(rows(SyntheticServer())))
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
                    connectionCountMin: 100, connectionCount: 50_000, deliveriesPerSecond: 160_000,
                    messagesPerSecond: 1600,
                    membersPerShopMin: 10, membersPerShopMax: 100))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `with 5 percent of noise the costs are near and the stated error is honest`(seed: UInt64) throws {
        let server = SyntheticServer(noise: 0.05, random: SeededGenerator(seed: seed))
        let model = try #require(CostModel(rows(server)))
        #expect(isNear(model.processors.perDelivery, 3e-6, within: 0.1), "seed \(seed)")
        #expect(isNear(try #require(model.kernelBytes).perConnection, 4600, within: 0.03), "seed \(seed)")
        // A uniform error of ±5 % has a median of 2.5 %; the fit adds little to it.
        #expect((0.01...0.05).contains(model.processors.heldOutErrorMedian), "seed \(seed)")
        #expect(model.processors.heldOutErrorMax < 0.25, "seed \(seed)")
    }

    @Test func `no cost is negative`() throws {
        var random = SeededGenerator(seed: 5)
        let noise = (0..<30).map { index in
            CostRow(
                point: LoadPoint(connectionCount: index, messagesPerSecond: 1),
                cost: CostSample(
                    connectionCount: Double.random(in: 0...1000, using: &random),
                    deliveriesPerSecond: Double.random(in: 0...1000, using: &random),
                    messagesPerSecond: Double.random(in: 0...10, using: &random),
                    processors: Double.random(in: 0...1, using: &random)))
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
                        server.row(LoadPoint(connectionCount: connections, messagesPerSecond: $0))
                    }
                }))
        #expect(!model.measured.tellsMessagesFromDeliveries)
        #expect(isNear(model.processors.perDelivery, 3.6e-6, within: 1e-6) && model.processors.perMessage == 0)
    }

    @Test func `a resource that was not measured is not fitted`() throws {
        var bare = rows(SyntheticServer())
        for index in bare.indices { bare[index].cost.kernelByteCount = nil }
        #expect(try #require(CostModel(bare)).kernelBytes == nil)
        #expect(CostModel(Array(bare.prefix(4))) == nil)
        // The same load again is no further point.
        #expect(CostModel(Array(bare.prefix(4) + bare.prefix(4))) == nil)
        #expect(CostModel(Array(bare.prefix(5))) != nil)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `a twin of each run does not make the error look smaller`(seed: UInt64) throws {
        let rows = rows(SyntheticServer(noise: 0.05, random: SeededGenerator(seed: seed)))
        let once = try #require(CostModel(rows)).processors
        let twice = try #require(CostModel(rows + rows)).processors
        #expect(isNear(twice.heldOutErrorMedian, once.heldOutErrorMedian, within: 1e-6), "seed \(seed)")
        #expect(isNear(twice.heldOutErrorMax, once.heldOutErrorMax, within: 1e-6), "seed \(seed)")
    }

    @Test func `with one number of streams the node carries their cost, and does not look like a cheap stream`() throws
    {
        var server = SyntheticServer()
        let few = { (counts: [Int]) in
            try #require(
                CostModel(
                    counts.flatMap { connections in
                        [10, 50, 100, 500, 1000].map {
                            server.row(LoadPoint(connectionCount: connections, messagesPerSecond: $0))
                        }
                    }))
        }
        let one = try few([10_000])
        #expect(!one.measured.tellsConnectionsFromBase)
        #expect(one.processors.perConnection == 0 && isNear(one.processors.base, 0.04, within: 1e-6))
        #expect(try #require(one.userBytes).perConnection == 0)
        // What the kernel's memory grows by from none to all tells the cost of a stream by itself.
        #expect(isNear(try #require(one.kernelBytes).perConnection, 4600, within: 1e-6))
        #expect(try !few([10_000, 19_000]).measured.tellsConnectionsFromBase)
        let two = try few([10_000, 20_000])
        #expect(two.measured.tellsConnectionsFromBase && isNear(two.processors.perConnection, 2e-6, within: 1e-6))
    }

    @Test func `the memory of stored messages is not attributed to streams`() throws {
        var server = SyntheticServer()
        var stored = 0.0
        var observations: [Observation] = []
        for connections in [1000, 2000, 4000] {
            for rate in [10.0, 100, 1000] {
                let point = LoadPoint(connectionCount: connections, messagesPerSecond: rate)
                var cost = server.sample(point)
                cost.userByteCount? += 700 * stored
                observations.append(
                    Observation(
                        point: point, p99Nanoseconds: 1, isReached: true, acceptedCount: Int(rate * 10),
                        serverProcessID: 1, shares: [:], cost: cost))
                stored += rate * 10
            }
        }
        let memory = try #require(CostModel(CostRow.rows(of: observations))?.userBytes)
        #expect(isNear(memory.perConnection, 354, within: 1e-6) && isNear(memory.base, 9e6, within: 1e-6))
        #expect(isNear(memory.perStoredMessage, 700, within: 1e-6))
    }

    @Test func `memory that more streams once took says nothing of fewer, and a new process holds nothing`() {
        var server = SyntheticServer()
        let run = { (connections: Int, process: Int) in
            Observation(
                point: LoadPoint(connectionCount: connections, messagesPerSecond: 10), p99Nanoseconds: 1,
                isReached: true, acceptedCount: 100, serverProcessID: process, shares: [:],
                cost: server.sample(LoadPoint(connectionCount: connections, messagesPerSecond: 10)))
        }
        let rows = CostRow.rows(of: [run(1000, 1), run(4000, 1), run(1000, 1), run(4000, 1), run(1000, 2)])
        #expect(rows.map { $0.cost.userByteCount != nil } == [true, true, false, true, true])
        #expect(rows.map(\.storedMessageCount) == [0, 100, 200, 300, 0])
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

    @Test func `a late generator does not make a pass doubtful, and is the limit of a failure`() {
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

    @Test func `one violation fails a run, however fast it was`() {
        let faults: [(add: (inout Counters) -> Void, text: String)] = [
            ({ $0.lost = 1 }, "1 lost"), ({ $0.duplicated = 1 }, "1 duplicated"),
            ({ $0.outOfOrder = 1 }, "1 out of order"),
            ({ $0.foreign = 1 }, "1 of another shop"), ({ $0.corruptFrames = 1 }, "1 corrupt"),
            ({ $0.cutFrames = 1 }, "1 cut off"),
            ({ $0.requestTimeouts = 1 }, "1 unanswered"), ({ $0.statuses[503] = 1 }, "1 refused"),
            ({ $0.upgradeStatuses[429] = 1 }, "1 streams refused"),
            ({ $0.requestErrors["x"] = 1 }, "1 requests failed"),
            ({ $0.disconnectsByCloseCode[1008] = 1 }, "1 streams ended early"),
        ]
        let point = LoadPoint(connectionCount: 5000, messagesPerSecond: 200)
        let objective = Objective(p99NanosecondsMax: 50_000_000)
        let fine = SampleReport(steadySeconds: 6).report()
        #expect(Observation(fine, at: point).meets(objective))
        for (add, text) in faults {
            var report = fine
            add(&report.counters)
            #expect(report.counters.faults == [text])
            #expect(!Observation(report, at: point).meets(objective), "\(text)")
        }
    }
}
