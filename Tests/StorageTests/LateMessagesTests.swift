import Chat
import Primitives
import Synchronization
import Testing

@testable import Storage

/// What a list asks a store about late messages, and where it returns them.
struct LateMessagesTests {
    /// A store in memory whose slices report what they saw, and which answers late reads from a script.
    private final class ScriptedStore: Sendable {
        let memory = MemoryStore()
        private let state = Mutex<(slices: Int, late: [[Message]], asked: [LateMessagesQuery])>((0, [], []))

        init(late: [[Message]]) { state.withLock { $0.late = late } }

        var asked: [LateMessagesQuery] { state.withLock { $0.asked } }

        /// The number of a slice that was read.
        func readSlice() -> Int {
            state.withLock {
                $0.slices += 1
                return $0.slices
            }
        }

        func readLate(_ query: LateMessagesQuery) -> MessageSlice {
            state.withLock {
                $0.asked.append(query)
                let messages = $0.late.isEmpty ? [] : $0.late.removeFirst()
                return MessageSlice(messages: messages, isLast: messages.count < 2)
            }
        }
    }

    private struct Front: MessageStore {
        let script: ScriptedStore

        func append(_ message: Message) async throws(StorageError) -> Timestamp {
            try await script.memory.append(message)
        }
        func edit(
            _ id: MessageID, in shopID: ShopID, text: String, at time: Timestamp
        ) async throws(StorageError) -> Message? { nil }
        func delete(_ id: MessageID, in shopID: ShopID) async throws(StorageError) -> Message? { nil }
        func slice(_ query: MessageSliceQuery) async throws(StorageError) -> MessageSlice {
            var slice = try await script.memory.slice(query)
            slice.snapshot = StoreSnapshot(text: "slice \(script.readSlice())")
            return slice
        }
        func lateSlice(_ query: LateMessagesQuery) async throws(StorageError) -> MessageSlice { script.readLate(query) }
        func places(
            in shopID: ShopID, after cursor: MessageCursor, countMax: Int
        ) async throws(StorageError) -> [MessageCursor] { [] }
        func messageCount(in shopID: ShopID) async throws(StorageError) -> Int { 0 }
        func latestChange(in shopID: ShopID, upTo horizon: Timestamp) async throws(StorageError) -> Timestamp? { nil }
        func message(_ id: MessageID) async throws(StorageError) -> Message? { nil }
        func ping() async throws(StorageError) {}
        func close() async {}
        var statistics: StoreStatistics { script.memory.statistics }
    }

    /// What a list by `since` (nil: of all) returns, slice by slice, and what it asked.
    private func list(
        of count: Int, since: Timestamp?, late: [[Message]]
    ) async throws -> (slices: [[String]], asked: [LateMessagesQuery]) {
        let store = Front(script: ScriptedStore(late: late))
        for number in 1...count { _ = try await store.append(.numbered(1_000 + number)) }
        var reader = MessageListReader(of: "shop", changedAfter: since, limit: 10_000, from: store)
        var slices: [[String]] = []
        while let slice = try await reader.next() { slices.append(slice.map(\.id.text)) }
        return (slices, store.script.asked)
    }

    @Test func `late messages come first, and all of them`() async throws {
        let late = (1...3).map { Message.numbered($0) }
        let (slices, asked) = try await list(of: 2, since: 1_000, late: [[late[0], late[1]], [late[2]]])
        #expect(slices.flatMap { $0 } == ["m1", "m2", "m3", "m1001", "m1002"])
        #expect(asked.count == 2 && asked.allSatisfy { $0.upTo == 1_000 })
        #expect(asked[0].after == nil && asked[1].after == MessageCursor(createdAt: 2, id: "m2"))
    }

    @Test func `each slice is preceded by the messages that the slice before it did not see`() async throws {
        let count = 2 * Limits.sliceMessageCountMax + 1
        let (slices, asked) = try await list(of: count, since: 1_000, late: [])
        #expect(slices.flatMap { $0 } == (1...count).map { "m\(1_000 + $0)" })
        try #require(asked.count >= 3)
        if case .atTime = asked[0].seen {} else { Issue.record("the first asks by the reader's time") }
        for (number, query) in asked.enumerated().dropFirst() {
            guard case .bySlice(let snapshot) = query.seen else {
                Issue.record("a later one asks by the slice before it")
                continue
            }
            #expect(snapshot.text == "slice \(number)")
            #expect(query.upTo > asked[number - 1].upTo)
        }
    }

    @Test func `a list from the beginning has no late messages`() async throws {
        #expect(try await list(of: 3, since: nil, late: [[.numbered(1)]]).asked.isEmpty)
    }
}
