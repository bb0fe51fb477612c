import Chat
import Primitives
import Testing

@testable import Storage

/// What every store of messages does.
@Suite struct MessageStoreTests {
    @Test(arguments: StoreKind.allCases)
    func `a message is read as it was stored`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let message = Message(
                id: "b7", shopID: "shop", userID: "user", text: "e\u{301} \u{e9} 👩‍👩‍👧 \u{feff}\r\n'\"\u{1}",
                createdAt: 1_767_454_200_123_456, updatedAt: 1_767_454_200_123_457, isEdited: true, parentID: "a1",
                username: "Zoe\u{308}"
            )
            try await store.append(message)
            #expect(try await store.message("b7") == message)
            let page = try await store.messages(in: "shop", changedAfter: nil, limit: 10)
            #expect(page == MessagePage(messages: [message], hasMore: false))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a missing message is not found`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(try await store.message("m1") == nil)
            #expect(try await store.latestChange(in: "shop", upTo: .latest) == nil)
            let page = try await store.messages(in: "shop", changedAfter: nil, limit: 10)
            #expect(page == MessagePage(messages: [], hasMore: false))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an id is stored once over all shops`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.append(.numbered(1))
            #expect(await storageError { try await store.append(.numbered(1)) } == .conflict)
            #expect(
                await storageError {
                    try await store.append(.numbered(1, shop: "other"))
                } == .conflict)
            #expect(try await store.message("m1") == .numbered(1))
            #expect(store.statistics.storedCount == 1)
            #expect(store.statistics.failedCount == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `identifiers are compared byte for byte`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for (index, id) in ["\u{e9}", "e\u{301}", "a", "A", "a "].enumerated() {
                var message = Message.numbered(index, shop: id)
                message.id = MessageID(id)
                try await store.append(message)
            }
            #expect(try await store.message("\u{e9}")?.createdAt == 0)
            #expect(try await store.message("e\u{301}")?.createdAt == 1)
            #expect(try await store.messages(in: "A", changedAfter: nil, limit: 10).messages.map(\.createdAt) == [3])
            #expect(try await store.messages(in: "a", changedAfter: nil, limit: 10).messages.map(\.createdAt) == [2])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the messages of two shops are separate`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.append(.numbered(1, shop: "one"))
            try await store.append(.numbered(2, shop: "two"))
            #expect(
                try await store.messages(in: "one", changedAfter: nil, limit: 10).messages == [
                    .numbered(1, shop: "one")
                ])
            #expect(try await store.latestChange(in: "one", upTo: .latest) == 1)
            #expect(try await store.latestChange(in: "two", upTo: .latest) == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a list is in the order of creation, a catch-up in that of the last change`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var edited = Message.numbered(1)
            edited.updatedAt = 10
            edited.isEdited = true
            for message in [edited, .numbered(2), .numbered(3)] { try await store.append(message) }
            let all = try await store.messages(in: "shop", changedAfter: nil, limit: 10)
            #expect(all.messages == [edited, .numbered(2), .numbered(3)])
            let changes = try await store.messages(in: "shop", changedAfter: 2, limit: 10)
            #expect(changes.messages == [.numbered(3), edited])
            #expect(try await store.messages(in: "shop", changedAfter: 10, limit: 10).messages.isEmpty)
            #expect(try await store.latestChange(in: "shop", upTo: .latest) == 10)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `equal times are ordered by the bytes of the id`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for id in ["b", "\u{e9}", "a", "e\u{301}", "B"] {
                var message = Message.numbered(5)
                message.id = MessageID(id)
                try await store.append(message)
            }
            let sorted: [MessageID] = ["B", "a", "b", "e\u{301}", "\u{e9}"]
            #expect(try await store.messages(in: "shop", changedAfter: nil, limit: 9).messages.map(\.id) == sorted)
            #expect(try await store.messages(in: "shop", changedAfter: 4, limit: 9).messages.map(\.id) == sorted)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a list that its limit cuts has more`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for number in 1...5 { try await store.append(.numbered(number)) }
            for (limit, count, hasMore) in [(1, 1, true), (4, 4, true), (5, 5, false), (6, 5, false), (0, 1, true)] {
                for changedAfter: Timestamp? in [nil, 0] {
                    let page = try await store.messages(in: "shop", changedAfter: changedAfter, limit: limit)
                    #expect(page.messages.map(\.createdAt.microsecondsSinceEpoch) == Array(1...Int64(count)))
                    #expect(page.hasMore == hasMore)
                }
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `reading on from the last change returns every message once`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for number in 1...25 { try await store.append(.numbered(number)) }
            var seen: [MessageID] = []
            var cursor: Timestamp = 0
            while true {
                let page = try await store.messages(in: "shop", changedAfter: cursor, limit: 4)
                seen += page.messages.map(\.id)
                cursor = page.messages.last?.changedAt ?? cursor
                if !page.hasMore { break }
            }
            #expect(seen == (1...25).map { MessageID("m\($0)") })
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an edit that an outside writer dated before the creation does not turn the clock back`(
        kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            var message = Message.numbered(9)
            message.updatedAt = 3
            try await store.append(message)
            #expect(try await store.latestChange(in: "shop", upTo: .latest) == 9)
        }
    }

    static let invalid: [Message] = [
        .numbered(1, text: "a\0b"),
        .numbered(1, text: String(repeating: "x", count: Limits.textByteCountMax + 1)),
        .numbered(1, shop: ""),
        .numbered(1, shop: "a\nb"),
        .numbered(1, shop: String(repeating: "x", count: Limits.identifierByteCountMax + 1)),
    ]

    @Test(arguments: StoreKind.allCases, invalid.indices)
    func `a message that cannot be stored is refused`(kind: StoreKind, index: Int) async throws {
        try await kind.withStore { store in
            let message = Self.invalid[index]
            #expect(await storageError { try await store.append(message) } == .invalid)
            #expect(try await store.message("m1") == nil)
            try await store.append(.numbered(2))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a writer's name comes from the table of users, else from the message`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var message = Message.numbered(1)
            message.username = "of the token"
            try await store.append(message)
            #expect(try await store.message("m1")?.username == "of the token")
            try await store.setUsername("of the table", of: "user")
            #expect(try await store.message("m1")?.username == "of the table")
            let page = try await store.messages(in: "shop", changedAfter: 0, limit: 1)
            #expect(page.messages.map(\.username) == ["of the table"])
            try await store.setUsername(nil, of: "user")
            #expect(try await store.message("m1")?.username == "of the token")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a closed store refuses everything`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.append(.numbered(1))
            try await store.ping()
            await store.close()
            await store.close()
            #expect(await storageError { try await store.append(.numbered(2)) } == .unavailable)
            #expect(await storageError { try await store.message("m1") } == .unavailable)
            #expect(await storageError { try await store.ping() } == .unavailable)
            #expect(await storageError { try await store.role(of: "u", in: "s") } == .unavailable)
            #expect(store.statistics.storedCount == 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `any sequence of messages reads like a list that is sorted for each read`(kind: StoreKind) async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var model: [Message] = []
        try await kind.withStore { store in
            for number in 0..<300 {
                var message = Message.numbered(Int.random(in: 0..<200, using: &random))
                message.id = MessageID("m\(Int.random(in: 0..<250, using: &random))")
                message.shopID = ShopID("s\(Int.random(in: 0..<3, using: &random))")
                if Bool.random(using: &random) { message.updatedAt = message.createdAt.successor }
                let isTaken = model.contains { $0.id == message.id }
                do throws(StorageError) {
                    try await store.append(message)
                    #expect(!isTaken, "seed \(seed), step \(number)")
                    model.append(message)
                } catch {
                    #expect(isTaken && error.kind == .conflict, "seed \(seed), step \(number): \(error)")
                }
                if number.isMultiple(of: 10) {
                    let limit = Int.random(in: 1...40, using: &random)
                    let changedAfter = Timestamp(microsecondsSinceEpoch: Int64.random(in: -1..<200, using: &random))
                    for after in [nil, changedAfter] {
                        let page = try await store.messages(in: message.shopID, changedAfter: after, limit: limit)
                        let expected = Self.page(of: model, shop: message.shopID, after: after, limit: limit)
                        #expect(page == expected, "seed \(seed), step \(number)")
                    }
                    let latest = model.filter { $0.shopID == message.shopID }.map(\.changedAt).max()
                    #expect(try await store.latestChange(in: message.shopID, upTo: .latest) == latest, "seed \(seed)")
                }
            }
        }
    }

    private static func page(of model: [Message], shop: ShopID, after: Timestamp?, limit: Int) -> MessagePage {
        let time: (Message) -> Timestamp = after == nil ? \.createdAt : \.changedAt
        let matching = model.filter { message in
            guard message.shopID == shop else { return false }
            return if let after { message.changedAt > after } else { true }
        }
        let sorted = matching.sorted { left, right in
            time(left) != time(right)
                ? time(left) < time(right) : left.id.text.utf8.lexicographicallyPrecedes(right.id.text.utf8)
        }
        guard sorted.count > limit else { return MessagePage(messages: sorted, hasMore: false) }
        // A time is on one page: with what came before it, or on its own.
        var end = sorted.firstIndex { time($0) == time(sorted[limit]) } ?? limit
        if end == 0 { end = sorted.firstIndex { time($0) != time(sorted[0]) } ?? sorted.count }
        return MessagePage(messages: Array(sorted.prefix(end)), hasMore: end < sorted.count)
    }
}
