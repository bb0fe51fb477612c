import Chat
import Primitives
import Testing

@testable import Storage

/// What every store does with messages that change, and with those that are read page by page.
@Suite struct MessageChangeTests {
    // MARK: Edits and deletions

    @Test(arguments: StoreKind.allCases)
    func `an edit changes the text and its marks, and nothing else`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var message = Message.numbered(1)
            message.parentID = "m0"
            message.username = "Ada"
            try await store.append(message)
            try await store.append(.numbered(2))
            message.text = "ede\u{301}ted"
            message.updatedAt = 7
            message.isEdited = true
            #expect(try await store.edit("m1", in: "shop", text: message.text, at: 7) == message)
            #expect(try await store.message("m1") == message)
            #expect(try await store.message("m2") == .numbered(2))
            #expect(try await store.latestChange(in: "shop", upTo: .latest) == 7)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an edited message stays where it was written and moves in the order of changes`(kind: StoreKind) async throws
    {
        try await kind.withStore { store in
            for number in 1...3 { try await store.append(.numbered(number)) }
            _ = try await store.edit("m1", in: "shop", text: "once", at: 10)
            _ = try await store.edit("m2", in: "shop", text: "once", at: 11)
            _ = try await store.edit("m1", in: "shop", text: "twice", at: 12)
            let all = try await store.messages(in: "shop", changedAfter: nil, limit: 10).messages
            #expect(all.map(\.id) == ["m1", "m2", "m3"])
            let changed = try await store.messages(in: "shop", changedAfter: 0, limit: 10).messages
            #expect(changed.map(\.id) == ["m3", "m2", "m1"])
            #expect(try await store.messages(in: "shop", changedAfter: 11, limit: 10).messages.map(\.text) == ["twice"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a missing message is neither edited nor deleted`(kind: StoreKind) async throws {
        try await kind.withStore { store async throws in
            #expect(try await store.edit("m1", in: "shop", text: "x", at: 1) == nil)
            #expect(try await store.delete("m1", in: "shop") == nil)
            #expect(
                try await store.messages(in: "shop", changedAfter: nil, limit: 10)
                    == MessagePage(messages: [], hasMore: false))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an edit with a text that no store keeps is refused and changes nothing`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.append(.numbered(1))
            #expect(await storageError { try await store.edit("m1", in: "shop", text: "a\0b", at: 2) } == .invalid)
            #expect(try await store.message("m1") == .numbered(1))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a deleted message is gone from every order and its id is free`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for number in 1...3 { try await store.append(.numbered(number)) }
            let edited = try await store.edit("m2", in: "shop", text: "edited", at: 9)
            #expect(try await store.delete("m2", in: "shop") == edited)
            #expect(try await store.delete("m2", in: "shop") == nil)
            #expect(try await store.message("m2") == nil)
            #expect(
                try await store.messages(in: "shop", changedAfter: nil, limit: 10).messages.map(\.id) == ["m1", "m3"])
            #expect(
                try await store.messages(in: "shop", changedAfter: 0, limit: 10).messages.map(\.id) == ["m1", "m3"])
            #expect(try await store.page(1, in: "shop", limit: 10).totalMessageCount == 2)
            try await store.append(.numbered(2))
        }
    }

    // MARK: Pages

    @Test(arguments: StoreKind.allCases)
    func `pages are newest first, count all, and end`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for number in 1...7 { try await store.append(.numbered(number)) }
            try await store.append(.numbered(8, shop: "other"))
            for (number, ids) in [(1, ["m7", "m6", "m5"]), (2, ["m4", "m3", "m2"]), (3, ["m1"]), (4, [])] {
                let page = try await store.page(number, in: "shop", limit: 3)
                #expect(page.messages.map(\.id.text) == ids)
                #expect(page.totalMessageCount == 7)
            }
            #expect(
                try await store.page(.max, in: "shop", limit: 10_000)
                    == NumberedPage(messages: [], totalMessageCount: 7))
            #expect(
                try await store.page(1, in: "nowhere", limit: 3) == NumberedPage(messages: [], totalMessageCount: 0))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a cursor leads to its neighbours on either side, newest first`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for number in 1...7 { try await store.append(.numbered(number)) }
            let middle = MessageCursor(createdAt: 4, id: "m4")
            let older = try await store.messages(in: "shop", before: middle, limit: 2)
            #expect(older.messages.map(\.id) == ["m3", "m2"] && older.hasMore)
            let oldest = try await store.messages(in: "shop", before: middle, limit: 3)
            #expect(oldest.messages.map(\.id) == ["m3", "m2", "m1"] && !oldest.hasMore)
            let newer = try await store.messages(in: "shop", after: middle, limit: 2)
            #expect(newer.messages.map(\.id) == ["m6", "m5"] && newer.hasMore)
            let newest = try await store.messages(in: "shop", after: middle, limit: 3)
            #expect(newest.messages.map(\.id) == ["m7", "m6", "m5"] && !newest.hasMore)
            #expect(
                try await store.messages(in: "other", after: middle, limit: 3)
                    == MessagePage(messages: [], hasMore: false))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a cursor separates messages of the same time by the bytes of their ids`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for id in ["b", "B", "e\u{301}", "\u{e9}", "a"] {
                var message = Message.numbered(5)
                message.id = MessageID(id)
                try await store.append(message)
            }
            let cursor = MessageCursor(createdAt: 5, id: "b")
            let older = try await store.messages(in: "shop", before: cursor, limit: 9)
            #expect(older.messages.map(\.id) == ["a", "B"])
            let newer = try await store.messages(in: "shop", after: cursor, limit: 9)
            #expect(newer.messages.map(\.id) == ["\u{e9}", "e\u{301}"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `walking by cursor meets every message once while others are added and deleted`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for number in 1...40 { try await store.append(.numbered(number * 10)) }
            var seen: [String] = []
            var cursor = MessageCursor(createdAt: 1_000, id: "z")
            var step = 0
            while true {
                let page = try await store.messages(in: "shop", before: cursor, limit: 3)
                seen += page.messages.map(\.id.text)
                guard let last = page.messages.last, page.hasMore else { break }
                cursor = MessageCursor(of: last)
                step += 1
                // Newer ones, and the very one that the cursor names.
                try await store.append(.numbered(1_000 + step))
                _ = try await store.delete(last.id, in: "shop")
            }
            #expect(seen == (1...40).reversed().map { "m\($0 * 10)" })
        }
    }
}
