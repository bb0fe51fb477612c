import Testing

@testable import Server

@Suite struct LiveIntervalTests {
    @Test func `rates are the growth of counters by the server's own clock`() {
        let interval = LiveInterval(
            from: LiveDocuments.figures(clock: 1_000_000, delivered: 100),
            to: LiveDocuments.figures(clock: 3_000_000, delivered: 500))
        #expect(interval.seconds == 2)
        #expect(interval.growth(\.delivered) == 400)
        #expect(interval.rate(\.delivered) == 200)
        #expect(interval.rate(\.cpuSeconds) == 0.25)
    }

    @Test func `quantiles are those of the values between the two documents`() throws {
        let interval = LiveInterval(
            from: LiveDocuments.figures(clock: 0, latency: [1_000, 0, 0]),
            to: LiveDocuments.figures(clock: 1_000_000, latency: [1_000, 10, 0]))
        let median = try #require(interval.quantile(0.5, of: \.latency))
        #expect(LiveText.time(median) == "550 µs")
        #expect(interval.quantile(0.5) { $0.reactors[0].lag } == nil, "no values in between")
    }

    @Test func `a reactor's busy share is a part of its time, not of the interval`() {
        let interval = LiveInterval(
            from: LiveDocuments.figures(clock: 0, reactors: [LiveDocuments.reactor(busy: 100, total: 1_000)]),
            to: LiveDocuments.figures(clock: 9_000_000, reactors: [LiveDocuments.reactor(busy: 400, total: 2_000)]))
        #expect(LiveText.percent(interval.busyShare(ofReactor: 0)) == "30 %")
    }

    @Test func `a shop has a rate when both documents list it and its counter did not begin again`() {
        func figures(clock: Int, _ shops: (id: String, delivered: Int)...) -> LiveFigures {
            LiveDocuments.figures(
                clock: clock, shops: shops.map { LiveDocuments.shop($0.id, delivered: $0.delivered) })
        }
        let earlier = figures(clock: 0, ("old", 10), ("calm", 5), ("again", 50), ("gone", 1))
        let interval = LiveInterval(
            from: earlier, to: figures(clock: 2_000_000, ("old", 30), ("calm", 5), ("again", 20), ("new", 40)))
        #expect(interval.figures.busiestShops.map { interval.deliveryRate(of: $0) } == [10, 0, nil, nil])
        let first = LiveInterval(from: nil, to: earlier)
        #expect(first.figures.busiestShops.allSatisfy { first.deliveryRate(of: $0) == nil })
    }

    @Test func `one document has no interval`() {
        let interval = LiveInterval(from: nil, to: LiveDocuments.figures(delivered: 5))
        #expect(interval.seconds == nil && interval.rate(\.delivered) == nil)
        #expect(interval.quantile(0.5, of: \.latency) == nil && interval.busyShare(ofReactor: 0) == nil)
    }

    @Test(arguments: [
        // Another start, a clock that went back, one that stood, another number of reactors.
        LiveDocuments.figures(startedAt: "2026-01-02T00:00:00.000000Z", clock: 2_000_000),
        LiveDocuments.figures(clock: 500_000), LiveDocuments.figures(clock: 1_000_000),
        LiveDocuments.figures(clock: 2_000_000, reactors: []),
    ])
    func `a restart in between ends the interval`(later: LiveFigures) {
        let interval = LiveInterval(from: LiveDocuments.figures(clock: 1_000_000), to: later)
        #expect(interval.seconds == nil && interval.rate(\.delivered) == nil)
    }
}
