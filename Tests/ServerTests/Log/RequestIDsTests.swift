import Primitives
import Testing

@testable import Server

@Suite struct RequestIDsTests {
    private let startedAt = Timestamp(microsecondsSinceEpoch: 1_767_454_200_000_000)
    private let connection = ConnectionID(slot: 7, generation: 2)

    @Test func `each identifier is another, and well formed`() {
        var first = RequestIDs(shardIndex: 0, startedAt: startedAt)
        var second = RequestIDs(shardIndex: 1, startedAt: startedAt)
        var later = RequestIDs(shardIndex: 0, startedAt: startedAt.advanced(byMicroseconds: 1))
        var all: Set<String> = []
        for _ in 0..<3 {
            all.insert(first.next(for: connection))
            all.insert(second.next(for: connection))
            all.insert(later.next(for: connection))
        }
        #expect(all.count == 9)
        for identifier in all { #expect(RequestIDs.identifier(identifier.utf8.span) == identifier) }
    }

    @Test(arguments: ["a", "0aZ.-_", String(repeating: "x", count: 64), "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
    func `a proxy's identifier is taken`(text: String) {
        #expect(RequestIDs.identifier(text.utf8.span) == text)
    }

    @Test(arguments: ["", String(repeating: "x", count: 65), "a b", "a\"b", "a/b", "ä", "a,b", "a\u{7f}"])
    func `any other text is none`(text: String) {
        #expect(RequestIDs.identifier(text.utf8.span) == nil)
    }
}
