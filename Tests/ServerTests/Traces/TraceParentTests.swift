import Primitives
import Testing

@testable import Server

extension TraceParent {
    /// Reads a text.
    init?(text: String) {
        let utf8 = text.utf8
        guard let parent = TraceParent(utf8.span) else { return nil }
        self = parent
    }
}

@Suite struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(arguments: [
        ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", false), ("00-\(trace)-\(span)-03", true),
        ("cc-\(trace)-\(span)-01", true), ("cc-\(trace)-\(span)-01-what the future brings", true),
    ])
    func `a caller's span is read`(text: String, isSampled: Bool) throws {
        let parent = try #require(TraceParent(text: text))
        #expect(parent.isSampled == isSampled)
        #expect(
            parent.context
                == TraceContext(
                    traceIDHigh: 0x4bf9_2f35_77b3_4da6, traceIDLow: 0xa3ce_929d_0e0e_4736,
                    spanID: 0x00f0_67aa_0ba9_02b7))
    }

    @Test(arguments: [
        "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-01-x", "ff-\(trace)-\(span)-01",
        "cc-\(trace)-\(span)-01x", "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span.dropLast())g-01",
        "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01", "00_\(trace)-\(span)-01",
        "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01", " 00-\(trace)-\(span)-01", "0x-\(trace)-\(span)-01",
    ])
    func `any other text is none`(text: String) {
        #expect(TraceParent(text: text) == nil)
    }

    @Test func `the sampler records the part that its ratio says`() {
        var generator = SeededGenerator(seed: 1)
        for ratio in [0, 0.01, 0.5, 1] {
            let sampler = TraceSampler(ratio: ratio)
            let count = (0..<20_000).count { _ in sampler.isSampled(traceIDLow: generator.next()) }
            #expect(abs(Double(count) / 20_000 - ratio) < 0.02)
            if ratio == 0 || ratio == 1 { #expect(count == (ratio == 0 ? 0 : 20_000)) }
        }
    }

    @Test func `a greater ratio records all that a smaller one does`() {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<10_000 {
            let number = generator.next()
            if TraceSampler(ratio: 0.1).isSampled(traceIDLow: number) {
                #expect(TraceSampler(ratio: 0.2).isSampled(traceIDLow: number))
            }
        }
    }
}
