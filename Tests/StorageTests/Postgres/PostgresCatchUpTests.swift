import Chat
import Primitives
import Testing

@testable import Storage

/// Lists by `since` beside other writers: late commits come first, and messages that the reader has do not come again.
@Suite(.enabled(if: PostgresTestDatabase.isThere, PostgresTestDatabase.skipped))
struct PostgresCatchUpTests {
    private static let insert = "INSERT INTO shop_messages (id, shop_id, user_id, message, created_at) VALUES"

    private static func ids(
        _ store: PostgresStore, since time: Timestamp, limit: Int = 100
    ) async throws -> [String] {
        try await store.messages(in: "shop", changedAfter: time, limit: limit).messages.map(\.id.text)
    }

    /// A message of the node itself, dated so many seconds from now.
    private static func own(_ number: Int, ahead seconds: Int64 = 0, _ session: PostgresTestSession) async throws
        -> Message
    {
        let now = try await session.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8")
        let microseconds = try #require(Int64(now[0])) + seconds * 1_000_000
        return Message(
            id: MessageID("own-\(number)"), shopID: "shop", userID: "user", text: "own",
            createdAt: Timestamp(microsecondsSinceEpoch: microseconds))
    }

    private static func time(of id: String, _ store: PostgresStore) async throws -> Timestamp {
        try #require(try await store.message(MessageID(id))).changedAt
    }

    @Test(arguments: [false, true])
    func `a message committed after the reader's last one is returned, although it is dated before it`(
        isShared: Bool
    ) async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let (late, other) = (try await database.session(), try await database.session())
            try await database.withStore {
                $0.isShared = isShared
            } _: { store in
                try await late.execute("BEGIN; \(Self.insert) ('late', 'shop', 'other', 'x', now())")
                try await other.execute("\(Self.insert) ('seen', 'shop', 'other', 'x', now())")
                let seen = try await Self.time(of: "seen", store)
                #expect(try await Self.ids(store, since: seen) == [], "the reader has it")
                let own = try await Self.own(1, other)
                let stored = try await store.append(own)
                #expect(try await Self.ids(store, since: seen) == ["own-1"])
                try await late.execute("COMMIT")
                #expect(try await Self.ids(store, since: seen) == ["late", "own-1"])
                // A single node logs no changes: rows that others wrote in the minute before are returned again.
                #expect(try await Self.ids(store, since: stored) == (isShared ? ["late"] : ["late", "seen"]))
                let page = try await store.messages(in: "shop", changedAfter: seen, limit: 1)
                #expect(page.messages.map(\.id.text) == ["late", "own-1"] && !page.hasMore, "it is not counted")
                // The reader continues from a message that is written once it is visible.
                try await other.execute("\(Self.insert) ('next', 'shop', 'other', 'x', now())")
                #expect(try await Self.ids(store, since: try await Self.time(of: "next", store)) == [])
            }
        }
    }

    @Test func `an edit that is committed late is returned, a deleted message is not`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let (late, other) = (try await database.session(), try await database.session())
            try await database.withStore { store in
                try await other.execute(
                    "\(Self.insert) ('a', 'shop', 'u', 'x', now()), ('b', 'shop', 'u', 'x', now())")
                try await late.execute(
                    """
                    BEGIN; UPDATE shop_messages SET message = 'y', updated_at = now(), is_edited = true WHERE id = 'a';
                    \(Self.insert) ('c', 'shop', 'u', 'x', now())
                    """)
                try await other.execute("\(Self.insert) ('seen', 'shop', 'u', 'x', now())")
                let seen = try await Self.time(of: "seen", store)
                try await late.execute("COMMIT")
                #expect(try await Self.ids(store, since: seen) == ["a", "c"])
                try await other.execute("DELETE FROM shop_messages WHERE id = 'c'")
                #expect(try await Self.ids(store, since: seen) == ["a"])
            }
        }
    }

    @Test func `a message of the node itself is returned if it was in flight, and not if it was stored`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let other = try await database.session()
            try await database.withStore { store in
                try await store.append(try await Self.own(1, other))
                let inFlight = try await Self.own(2, other)
                try await other.execute("\(Self.insert) ('seen', 'shop', 'u', 'x', now())")
                try await store.append(inFlight)
                #expect(try await Self.ids(store, since: try await Self.time(of: "seen", store)) == ["own-2"])
            }
        }
    }

    @Test func `a message dated in the future hides no later message`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let other = try await database.session()
            try await database.withStore { store in
                try await store.append(try await Self.own(1, other))
                try await other.execute("\(Self.insert) ('future', 'shop', 'u', 'x', '2099-01-01')")
                try await store.append(try await Self.own(2, other))
                try await other.execute("\(Self.insert) ('late', 'shop', 'u', 'x', now())")
                #expect(
                    try await Self.ids(store, since: try await Self.time(of: "future", store)) == ["own-2", "late"])
            }
        }
    }

    @Test func `a list of several slices contains late commits before its position`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let (late, other) = (try await database.session(), try await database.session())
            try await database.withStore { store in
                // Dated 1,000 s ago and on: more than two slices, by messages.
                try await other.execute(
                    """
                    INSERT INTO shop_messages (id, shop_id, user_id, message, created_at)
                        SELECT 'm' || n, 'shop', 'u', 'x', now() - (1000 - n) * interval '1 s'
                        FROM generate_series(1, 300) n
                    """)
                let start = try await Self.time(of: "m1", store)
                var reader = MessageListReader(of: "shop", changedAfter: start, limit: 1_000, from: store)
                try await late.execute(
                    """
                    BEGIN; \(Self.insert) ('before', 'shop', 'u', 'x', now() - interval '2000 s'),
                        ('behind', 'shop', 'u', 'x', now() - interval '990 s'),
                        ('ahead', 'shop', 'u', 'x', now() - interval '701 s')
                    """)
                var ids = try #require(try await reader.next()).map(\.id.text)
                #expect(ids.count <= Limits.sliceMessageCountMax && ids.first == "m2")
                try await late.execute("COMMIT")
                while let more = try await reader.next() { ids += more.map(\.id.text) }
                let added = ["before", "behind", "ahead"]
                #expect(ids.filter { !added.contains($0) } == (2...300).map { "m\($0)" })
                #expect(ids.filter { added.contains($0) } == added, "each once")
            }
        }
    }

    @Test func `late commits may exceed a slice, and do not count towards the limit`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let (late, other) = (try await database.session(), try await database.session())
            try await database.withStore { store in
                try await late.execute(
                    """
                    BEGIN; INSERT INTO shop_messages (id, shop_id, user_id, message, created_at)
                        SELECT 'late' || n, 'shop', 'u', repeat('x', 1000), now() - (1000 - n) * interval '1 s'
                        FROM generate_series(1, 300) n
                    """)
                try await other.execute("\(Self.insert) ('seen', 'shop', 'u', 'x', now())")
                let seen = try await Self.time(of: "seen", store)
                try await late.execute("COMMIT")
                try await other.execute(
                    "\(Self.insert) ('next', 'shop', 'u', 'x', now()), ('last', 'shop', 'u', 'x', now() + interval '1 s')"
                )
                var reader = MessageListReader(of: "shop", changedAfter: seen, limit: 1, from: store)
                var slices: [[Message]] = []
                while let slice = try await reader.next() { slices.append(slice) }
                #expect(slices.flatMap { $0 }.map(\.id.text) == (1...300).map { "late\($0)" } + ["next"])
                #expect(reader.hasMore)
                for slice in slices {
                    #expect(slice.count <= Limits.sliceMessageCountMax)
                    #expect(slice.reduce(0) { $0 + $1.text.utf8.count } <= Limits.sliceByteCountMax)
                }
            }
        }
    }

    @Test func `messages of one time and several transactions are returned again`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let other = try await database.session()
            try await database.withStore { store in
                let time = "'2026-01-01T00:00:00Z'"
                try await other.execute("\(Self.insert) ('a', 'shop', 'u', 'x', \(time))")
                let seen = try await Self.time(of: "a", store)
                #expect(try await Self.ids(store, since: seen) == [])
                try await other.execute("\(Self.insert) ('b', 'shop', 'u', 'x', \(time))")
                #expect(try await Self.ids(store, since: seen) == ["b"])
            }
        }
    }

    @Test func `a write of unknown outcome is returned once it is found`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            try await database.withStore { store in
                let lost = try await Self.own(1, session)
                try await session.execute(
                    """
                    SET \(PostgresSchema.announceSetting) = 'off'; BEGIN;
                    \(Self.insert) ('own-1', 'shop', 'user', 'own', to_timestamp(0) + interval '1 microsecond'
                        * \(lost.createdAt.microsecondsSinceEpoch))
                    """)
                let other = try await database.session()
                let seen = try await store.append(try await Self.own(2, other))
                try await session.execute("COMMIT")
                #expect(try await Self.ids(store, since: seen) == [])
                _ = try await store.read(.resolveMessage, [.text("own-1"), .time(seen)])
                #expect(try await Self.ids(store, since: seen) == [], "that is another change")
                _ = try await store.read(.resolveMessage, [.text("own-1"), .time(lost.createdAt)])
                #expect(try await Self.ids(store, since: seen) == ["own-1"])
            }
        }
    }

    @Test func `a single node logs no changes, and its lists are exclusive`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            try await database.withStore { store in
                var last = Timestamp.earliest
                for number in 1...3 { last = try await store.append(try await Self.own(number, session)) }
                #expect(try await Self.ids(store, since: last) == [])
                #expect(try await session.execute("SELECT count(*) FROM shopstream_changes") == ["0"])
                for _ in 0..<3 { _ = try await store.membershipChanges(after: nil) }
                #expect(try await session.execute("SELECT count(*) FROM shopstream_snapshots") == ["1"])
            }
        }
    }

    @Test func `marks are taken while there are new rows, and bound what is returned again`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let (late, other) = (try await database.session(), try await database.session())
            try await database.withStore { store in
                try await late.execute("BEGIN; \(Self.insert) ('late', 'shop', 'u', 'x', now() - interval '1 hour')")
                try await other.execute("\(Self.insert) ('early', 'shop', 'u', 'x', now() - interval '1 hour')")
                for _ in 0..<3 { _ = try await store.membershipChanges(after: nil) }
                #expect(try await other.execute("SELECT count(*) FROM shopstream_snapshots") == ["2"], "one is open")
                // A node's own message of two minutes after all of this.
                let own = try await Self.own(1, ahead: 0, other)
                try await other.execute(
                    """
                    UPDATE shopstream_snapshots SET taken_at = taken_at - interval '2 minutes';
                    UPDATE shopstream_changes SET noted_at = noted_at - interval '2 minutes'
                    """)
                let time = try await store.append(own)
                #expect(try await Self.ids(store, since: time) == [])
                try await late.execute("COMMIT")
                #expect(try await Self.ids(store, since: time) == ["late"])
                for _ in 0..<3 { _ = try await store.membershipChanges(after: nil) }
                #expect(try await other.execute("SELECT count(*) FROM shopstream_snapshots") == ["3"])
            }
        }
    }

    @Test func `changes and marks are kept for a week`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            try await session.execute("\(Self.insert) ('old', 'shop', 'u', 'x', now())")
            try await session.execute(
                """
                UPDATE shopstream_snapshots SET taken_at = now() - interval '20 days';
                INSERT INTO shopstream_snapshots (taken_at, snapshot)
                    SELECT now() - interval '10 days', (n || ':' || n || ':')::pg_snapshot
                    FROM pg_snapshot_xmax(pg_current_snapshot()) n;
                """)
            try await session.execute("\(Self.insert) ('new', 'shop', 'u', 'x', now())")
            try await database.withStore { store in _ = try await store.membershipChanges(after: nil) }
            #expect(try await session.execute("SELECT message_id FROM shopstream_changes") == ["new"])
            #expect(
                try await session.execute(
                    "SELECT count(*) FROM shopstream_snapshots WHERE taken_at < now() - interval '7 days'") == ["1"])
        }
    }

    @Test func `nodes that share a shop date its messages in the order of their commits`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            try await database.withStore {
                $0.isShared = true
            } _: { one in
                try await database.withStore {
                    $0.isShared = true
                } _: { other in
                    // The other node's clock is a second late, and each writes two shops, in another order.
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for (node, store) in [one, other].enumerated() {
                            for number in 0..<200 {
                                var message = try await Self.own(number, ahead: node == 0 ? 0 : -1, session)
                                message.id = MessageID("\(node)-\(number)")
                                message.shopID = (number + node) % 2 == 0 ? "shop" : "shop-2"
                                group.addTask { [message] in
                                    let time = try await store.append(message)
                                    #expect(time >= message.createdAt)
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            #expect(
                try await session.execute(
                    """
                    SELECT count(*) FROM shopstream_changes a JOIN shopstream_changes b USING (shop_id)
                    WHERE b.changed_at < a.changed_at AND a.xid <> b.xid AND pg_visible_in_snapshot(a.xid, b.seen)
                    """) == ["0"])
            #expect(
                try await session.execute("SELECT count(DISTINCT (shop_id, created_at)) FROM shop_messages") == ["400"])
        }
    }
}
