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

    @Test func `a histogram in another unit has the same counts`() {
        var histogram = Histogram(bounds: [1, 2])
        for value in [0.5, 3] { histogram.observe(value) }
        let scaled = histogram.scaled(by: 0.5)
        #expect(scaled.bounds == [0.5, 1] && scaled.counts == [1, 0, 1] && scaled.sum == 1.75)
    }
}
