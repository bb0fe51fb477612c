import Testing

@testable import LoadGenerator

@Suite struct PlotAxisTests {
    @Test(arguments: [0, 0.3, 1, 7, 250, 251, 4999, 1e9])
    func `a linear axis starts at 0 and ends just above its values`(maximum: Double) throws {
        let axis = PlotAxis.linear(maximum: maximum, label: NumberText.trimmed)
        #expect(axis.range.lowerBound == 0 && axis.range.upperBound >= maximum)
        #expect(maximum == 0 || axis.range.upperBound <= maximum * 1.5)
        #expect((2...7).contains(axis.ticks.count))
        #expect(axis.position(of: 0) == 0 && axis.position(of: axis.range.upperBound) == 1)
        #expect(try #require(axis.ticks.last).value == axis.range.upperBound)
    }

    @Test func `durations lie between numbers that start with 1, 2 or 5`() {
        let axis = PlotAxis.durations([340_000, 41_000_000])
        #expect(axis.ticks.map(\.label).first == "200 µs")
        #expect(axis.ticks.map(\.label).last == "50 ms")
        #expect(abs(axis.position(of: 200_000) - 0) < 1e-9 && abs(axis.position(of: 50_000_000) - 1) < 1e-9)
        #expect(abs(axis.position(of: 3_162_277.66) - 0.5) < 1e-6)
    }

    @Test func `a wide axis names powers of ten only`() {
        let labels = PlotAxis.durations([1_000, 20_000_000_000]).ticks.map(\.label).filter { !$0.isEmpty }
        #expect(labels == ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"])
    }

    @Test func `equal values still span an axis`() {
        let axis = PlotAxis.durations([1_000_000.0, 1_000_000])
        #expect(axis.range == 1_000_000...10_000_000)
        #expect(PlotAxis.durations([Double]()).ticks.count > 1)
    }

    @Test(arguments: [(269.0868, 269.0), (0.123456, 0.123), (12_345, 12_300), (999.6, 1000), (1, 1)])
    func `numbers are rounded to significant digits`(pair: (Double, Double)) {
        #expect(Decimals.rounded(pair.0, digits: 3) == pair.1)
    }

    @Test func `each nine takes the same space`() {
        let axis = PlotAxis.percentiles
        let positions = [90, 99, 99.9, 99.99].map(axis.position(of:))
        for (index, position) in positions.enumerated() { #expect(abs(position - Double(index + 1) / 4) < 1e-6) }
        #expect(axis.position(of: 100) == 1)
    }

    @Test(arguments: [(1.0, 8, "1 s"), (72, 8, "10 s"), (612, 8, "2 min"), (7200, 4, "30 min"), (90_000, 4, "12 h")])
    func `times are in customary steps`(end: Double, tickCount: Int, second: String) {
        let ticks = PlotAxis.time(end: end, tickCount: tickCount).ticks
        #expect(ticks.count <= tickCount + 1)
        #expect(ticks.count < 2 || ticks[1].label == second)
    }
}
