import Chat
import Primitives
import Testing

@testable import Storage

/// Where every store cuts a list: never among messages of one time, and by bytes too.
@Suite struct MessagePageTests {
    /// Messages of the given times, as another writer may insert them.
    private static func append(times: [Int64], textByteCount: Int = 1, to store: any Store) async throws {
        for (number, time) in times.enumerated() {
            var message = Message.numbered(number, text: String(repeating: "x", count: textByteCount))
            message.createdAt = Timestamp(microsecondsSinceEpoch: time)
            try await store.append(message)
        }
    }

    @Test(arguments: StoreKind.allCases, [1, 7, 50, 100])
    func `a list after the last change misses no message of an equal time`(kind: StoreKind, limit: Int) async throws {
        try await kind.withStore { store in
            let times = [1, 2, 3] + [Int64](repeating: 4, count: 60) + [5, 5, 6] + [Int64](repeating: 7, count: 9)
            try await Self.append(times: times, to: store)
            for number in [20, 50] {
                _ = try await store.edit(MessageID("m\(number)"), in: "shop", text: "edited", at: 7)
            }
            var seen: [MessageID] = []
            var cursor: Timestamp = 0
            while true {
                let page = try await store.messages(in: "shop", changedAfter: cursor, limit: limit)
                seen += page.messages.map(\.id)
                cursor = page.messages.last?.changedAt ?? cursor
                if !page.hasMore { break }
            }
            #expect(seen.count == times.count && Set(seen).count == times.count)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a page ends before a time whose messages do not fit, or holds that time alone`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await Self.append(times: [1, 2, 2, 2, 3], to: store)
            for (after, limit, count, hasMore) in [
                (0, 3, 1, true), (0, 4, 4, true), (1, 2, 3, true), (1, 3, 3, true), (1, 4, 4, false), (2, 1, 1, false),
            ] {
                let cursor = Timestamp(microsecondsSinceEpoch: Int64(after))
                let page = try await store.messages(in: "shop", changedAfter: cursor, limit: limit)
                #expect(page.messages.count == count && page.hasMore == hasMore, "after \(after), limit \(limit)")
            }
            let first = try await store.messages(in: "shop", changedAfter: nil, limit: 3)
            #expect(first.messages.map(\.id) == ["m0"] && first.hasMore)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a page ends before its texts are too large together, and always has its first message`(
        kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            // Sixteen fill a page; three of one time are more than is left of the second.
            let times = Array(1...30).map(Int64.init) + [31, 31, 31]
            try await Self.append(times: times, textByteCount: Limits.textByteCountMax, to: store)
            var counts: [Int] = []
            var cursor: Timestamp = 0
            var hasMore = true
            while hasMore {
                let page = try await store.messages(in: "shop", changedAfter: cursor, limit: 1000)
                counts.append(page.messages.count)
                cursor = page.messages.last?.changedAt ?? cursor
                hasMore = page.hasMore
            }
            #expect(counts == [16, 14, 3])
            #expect(try await store.messages(in: "shop", changedAfter: nil, limit: 1000).messages.count == 16)
        }
    }

    @Test func `messages that share one time are read up to a bound`() {
        var cut = ListCut(.change, limit: 1)
        var message = Message.numbered(1)
        var takenCount = 0
        while takenCount <= Limits.momentMessageCountMax, cut.add(message) {
            takenCount += 1
            message.id = MessageID("m\(takenCount)")
        }
        #expect(takenCount == Limits.momentMessageCountMax && cut.isCut)
        // They certainly belong to the list, so they need not be held back.
        let released = cut.takeReleased()
        #expect(released.count == Limits.momentMessageCountMax)
    }

    @Test func `messages of one time are held back until the time is complete, and a list ends before too many`() {
        var cut = ListCut(.creation, limit: 1_000)
        func add(_ time: Int64) -> Bool {
            var message = Message.numbered(0)
            message.createdAt = Timestamp(microsecondsSinceEpoch: time)
            return cut.add(message)
        }
        func releasedCount() -> Int { cut.takeReleased().count }
        var counts: [Int] = []
        for time in [1, 2, 2, 3] as [Int64] {
            #expect(add(time))
            counts.append(releasedCount())
        }
        #expect(counts == [1, 0, 0, 2])
        for _ in 1..<Limits.heldMessageCountMax { #expect(add(3)) }
        #expect(!add(3))
        #expect(cut.isCut && releasedCount() == 0)
    }
}
