import Primitives
import Testing

@testable import API

@Suite struct OrphanSearchTests {
    private func at(_ seconds: UInt64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: (1_000 + seconds) * 1_000_000_000)
    }

    @Test func `the first search begins at once, and the next one a minute after it began`() {
        var search = OrphanSearch(orphanSeconds: 86_400)
        let first = search.begin(at: at(0))
        search.ended()
        let next = [search.begin(at: at(59)), search.begin(at: at(60))]
        #expect(first && next == [false, true])
    }

    @Test func `there is one search at a time, however long it takes`() {
        var search = OrphanSearch(orphanSeconds: 86_400)
        let begun = [search.begin(at: at(0)), search.begin(at: at(600))]
        search.ended()
        let after = search.begin(at: at(601))
        #expect(begun == [true, false] && after)
    }

    @Test func `images that expire after seconds are searched for as often`() {
        var search = OrphanSearch(orphanSeconds: 2)
        _ = search.begin(at: at(0))
        search.ended()
        let next = [search.begin(at: at(1)), search.begin(at: at(2))]
        #expect(next == [false, true])
    }
}
