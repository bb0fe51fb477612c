import Primitives
import Testing

@testable import Server

@Suite struct LogRingTests {
    private static let line = Array("line\n".utf8)

    @Test func `lines are taken in their order, all at once`() throws {
        var ring = LogRing(byteCountMax: 100, lineCountMax: 10)
        ring.append(Array("a\n".utf8))
        ring.append(Array("b\n".utf8))
        let taken = ring.take()
        let batch = try #require(taken)
        #expect(batch.bytes == Array("a\nb\n".utf8))
        #expect(batch.droppedLineCount == 0)
        #expect(ring.take() == nil)
    }

    @Test(arguments: [(12, 100), (1_000, 2)])
    func `a line beyond the bounds is dropped and counted`(byteCountMax: Int, lineCountMax: Int) throws {
        var ring = LogRing(byteCountMax: byteCountMax, lineCountMax: lineCountMax)
        for _ in 0..<5 { ring.append(Self.line) }
        #expect(ring.droppedTotal == 3)
        let taken = ring.take()
        let batch = try #require(taken)
        #expect(batch.bytes == Self.line + Self.line)
        #expect(batch.droppedLineCount == 3)
        ring.append(Self.line)
        let next = ring.take()
        #expect(next?.droppedLineCount == 0)
        #expect(ring.droppedTotal == 3)
    }

    @Test func `no line is written between a dropped line and its report`() throws {
        var ring = LogRing(byteCountMax: 10, lineCountMax: 10)
        ring.append(Self.line)
        ring.append(Array("far too long\n".utf8))
        ring.append(Self.line)
        let taken = ring.take()
        let batch = try #require(taken)
        #expect(batch.lineCount == 1)
        #expect(batch.droppedLineCount == 2)
    }
}

@Suite struct LogRateTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicInstant { .init(nanoseconds: milliseconds * 1_000_000) }

    @Test func `the first ten lines of a second are written, and the next second's first names the rest`() {
        var rate = LogRate()
        let decisions = (0..<100).map { rate.decide("store failed", level: "error", at: Self.at(UInt64($0))) }
        #expect(decisions.filter { $0 == .write }.count == 10)
        #expect(decisions.suffix(90).allSatisfy { $0 == .suppress })
        #expect(rate.decide("store failed", level: "error", at: Self.at(1_000)) == .writeAfter(suppressed: 90))
        #expect(rate.decide("store failed", level: "error", at: Self.at(1_001)) == .write)
        #expect(rate.suppressedTotal == 90)
    }

    @Test func `kinds do not count for each other`() {
        var rate = LogRate()
        for _ in 0..<20 { _ = rate.decide("one", level: "error", at: Self.at(0)) }
        #expect(rate.decide("other", level: "error", at: Self.at(0)) == .write)
    }

    @Test func `a flood that ends is summed up once`() {
        var rate = LogRate()
        for _ in 0..<15 { _ = rate.decide("one", level: "error", at: Self.at(0)) }
        #expect(rate.isSummaryOwed)
        #expect(rate.takeSummaries(at: Self.at(999)) == [])
        #expect(rate.takeSummaries(at: Self.at(1_000)) == [.init(message: "one", level: "error", suppressed: 5)])
        #expect(rate.takeSummaries(at: Self.at(2_000)) == [])
        #expect(!rate.isSummaryOwed)
    }

    @Test func `the number of known kinds is bounded`() {
        var rate = LogRate()
        for number in 0..<100_000 {
            #expect(rate.decide("kind \(number)", level: "info", at: Self.at(UInt64(number / 1_000))) == .write)
        }
        #expect(rate.takeSummaries(at: Self.at(1 << 40)) == [])
    }
}
