import Testing

@testable import Server

@Suite struct HistogramTests {
    @Test func `a histogram counts a value at its bound below it and adds up with another`() {
        var histogram = Histogram(bounds: [1, 2])
        for value in [0.5, 1, 1.5, 2, 3] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 1])
        #expect(histogram.sum == 8)
        var sum = histogram
        sum.add(histogram)
        #expect(sum.counts == [4, 4, 2])
        #expect(sum.sum == 16)
    }

    @Test func `a quantile is between the bounds around it, as Prometheus computes it`() {
        var histogram = Histogram(bounds: [1, 2, 4])
        #expect(histogram.quantile(0.5) == nil)
        for value in [0.5, 1.5, 1.5, 3] { histogram.observe(value) }
        #expect(histogram.quantile(0.25) == .value(1))
        #expect(histogram.quantile(0.5) == .value(1.5))
        #expect(histogram.quantile(0.75) == .value(2))
        #expect(histogram.quantile(1) == .value(4))
        histogram.observe(9)
        #expect(histogram.quantile(0.99) == .above(4))
    }

    @Test func `bounds without values are passed over`() {
        let histogram = Histogram(bounds: [1, 2, 4], counts: [0, 0, 2, 0], sum: 0)
        #expect(histogram.quantile(0) == .value(2))
        #expect(histogram.quantile(0.5) == .value(3))
    }

    @Test func `what was counted since an earlier state is the difference`() {
        var histogram = Histogram(bounds: [1, 2])
        histogram.observe(0.5)
        let earlier = histogram
        for value in [1.5, 1.5, 3] { histogram.observe(value) }
        #expect(histogram.since(earlier)?.counts == [0, 2, 1])
        #expect(earlier.since(histogram) == nil)
        #expect(histogram.since(Histogram(bounds: [1])) == nil)
    }

    @Test func `a histogram in another unit has the same counts`() {
        var histogram = Histogram(bounds: [1, 2])
        for value in [0.5, 3] { histogram.observe(value) }
        let scaled = histogram.scaled(by: 0.5)
        #expect(scaled.bounds == [0.5, 1] && scaled.counts == [1, 0, 1] && scaled.sum == 1.75)
    }
}
