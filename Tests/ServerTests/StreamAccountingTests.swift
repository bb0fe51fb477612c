import API
import Testing

@testable import Server

@Suite struct StreamAccountingTests {
    @Test func `identifiers are version 4 UUIDs, and no two alike`() {
        let texts = (0..<1_000).map { _ in UUIDText.random() }
        #expect(Set(texts).count == texts.count)
        for text in texts {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(parts.allSatisfy { $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
            #expect(parts[2].first == "4")
            #expect(parts[3].first.map { "89ab".contains($0) } == true)
        }
    }

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
}
