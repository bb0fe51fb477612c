import Chat
import Primitives
import Testing

@testable import Storage

/// The triggers, fired by other services: their writes succeed, and are noted.
@Suite(.enabled(if: PostgresTestDatabase.isThere, PostgresTestDatabase.skipped))
struct PostgresTriggerTests {
    private static let insert = """
        INSERT INTO shop_messages (id, shop_id, user_id, message, created_at) VALUES
        """

    @Test func `a role that may only write the tables can write them`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            let schema = try await session.execute("SELECT current_schema()")[0]
            let role = "other_\(schema)"
            try await session.execute(
                """
                CREATE ROLE \(role);
                GRANT USAGE ON SCHEMA \(schema) TO \(role);
                GRANT SELECT, INSERT, UPDATE, DELETE ON shops, shop_members, shop_messages TO \(role);
                INSERT INTO shop_members (id, shop_id, user_id) VALUES ('1', 'shop', 'ada');
                SET ROLE \(role);
                """)
            do {
                try await session.execute("\(Self.insert) ('m1', 'shop', 'ada', 'x', now())")
                try await session.execute("UPDATE shop_messages SET message = 'y'")
                try await session.execute("DELETE FROM shop_messages")
                try await session.execute("DELETE FROM shop_members")
                let refused = await storageError {
                    try await session.execute("SELECT shopstream_message_changed()")
                }
                #expect(refused == .incompatible, "only writes of the tables may run the functions")
            } catch {
                Issue.record(error)
            }
            try await session.execute("RESET ROLE")
            #expect(try await session.execute("SELECT user_id FROM shop_member_changes") == ["ada", "ada"])
            #expect(try await session.execute("SELECT message_id FROM shop_message_deletions") == ["m1"])
            try await session.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }

    @Test(arguments: ["''", "pg_temp", "information_schema"])
    func `the writer's search path does not matter`(path: String) async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            let schema = try await session.execute("SELECT current_schema()")[0]
            try await session.execute("CREATE TEMP TABLE users (uid int)")
            try await session.execute("SET search_path = \(path)")
            try await session.execute(
                """
                INSERT INTO \(schema).shop_messages (id, shop_id, user_id, message) VALUES ('m1', 's', 'u', 'x');
                UPDATE \(schema).shop_messages SET message = 'y';
                DELETE FROM \(schema).shop_messages;
                INSERT INTO \(schema).shop_members (id, shop_id, user_id) VALUES ('1', 's', 'u');
                DELETE FROM \(schema).shop_members
                """)
        }
    }

    @Test(arguments: ["infinity", "-infinity", "9999-12-31T23:59:59.999999Z", "250000-01-01T00:00:00Z"])
    func `a time outside Timestamp is no error, and does not stop the clock of the shop`(time: String) async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            try await session.execute("\(Self.insert) ('m1', 'shop', 'ada', 'x', '\(time)')")
            try await session.execute("UPDATE shop_messages SET updated_at = '\(time)'")
            try await database.withStore { store in
                let horizon = try #require(Timestamp(rfc3339: "2100-01-01T00:00:00Z"))
                let latest = try await store.latestChange(in: "shop", upTo: horizon)
                #expect(latest == nil || latest == .earliest)
            }
        }
    }

    @Test func `ids too long for a notification are written all the same`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            // Digests do not compress, which an index would need of so long a key.
            try await session.execute(
                """
                INSERT INTO shop_messages (id, shop_id, user_id, message) VALUES
                    ('m', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 80) n), 'u', repeat('x', 9000));
                UPDATE shop_messages SET message = 'y';
                SET shopstream.origin = '\(String(repeating: "o", count: 7990))';
                DELETE FROM shop_messages;
                """)
            #expect(try await session.execute("SELECT message_id FROM shop_message_deletions") == ["m"])
        }
    }

    @Test func `old rows of the logs are deleted, and no writer waits for that`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            try await session.execute(
                """
                INSERT INTO shop_member_changes (position, changed_at, shop_id, user_id) VALUES
                    (1, now() - interval '2 days', 's', 'old'), (2, now() - interval '2 hours', 's', 'new');
                INSERT INTO shop_message_deletions (message_id, shop_id, deleted_at) VALUES
                    ('old', 's', now() - interval '2 days'), ('new', 's', now());
                INSERT INTO shop_members (id, shop_id, user_id) VALUES ('1', 's', 'ada');
                """)
            #expect(try await session.execute("SELECT count(*) FROM shop_member_changes") == ["3"])
            try await database.withStore { store in _ = try await store.membershipChanges(after: nil) }
            #expect(try await session.execute("SELECT user_id FROM shop_member_changes ORDER BY 1") == ["ada", "new"])
            #expect(try await session.execute("SELECT message_id FROM shop_message_deletions") == ["new"])
        }
    }

    @Test func `a change is reported once while a long transaction holds the position`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let holder = try await database.session()
            try await database.withStore { store in
                try await store.createShop("shop", name: nil, at: 1)
                try await holder.execute("BEGIN; SELECT pg_current_xact_id()")
                var position = try await store.membershipChanges(after: nil).position
                var told: [UserID] = []
                for round in 0..<4 {
                    if round < 2 {
                        try await store.addMember(
                            Membership(shopID: "shop", userID: UserID("user-\(round)"), role: .member), at: 2)
                    }
                    let answer = try await store.membershipChanges(after: position)
                    #expect(!answer.isIncomplete)
                    position = answer.position
                    told += answer.changes.map(\.userID)
                }
                #expect(told == ["user-0", "user-1"])
                try await holder.execute("COMMIT")
                #expect(try await store.membershipChanges(after: position).changes.isEmpty)
            }
        }
    }

    @Test func `more changes than are listed make the list incomplete`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.withStore { store in
                let position = try await store.membershipChanges(after: nil).position
                try await database.session().execute(
                    """
                    INSERT INTO shop_member_changes (shop_id, user_id)
                        SELECT 's', n::text FROM generate_series(1, \(Limits.membershipChangeCountMax + 1)) n
                    """)
                let answer = try await store.membershipChanges(after: position)
                #expect(answer.isIncomplete && answer.changes.isEmpty && answer.position >= position)
                #expect(
                    try await store.membershipChanges(after: answer.position).isIncomplete == false,
                    "not each time while a transaction keeps the position from moving")
            }
        }
    }

    @Test func `an import of members may take longer than a request`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.session().execute(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    PERFORM pg_sleep(5.5); RETURN NULL; END $$;
                CREATE TRIGGER slow AFTER INSERT ON shop_members FOR EACH STATEMENT EXECUTE FUNCTION slow()
                """)
            let store = try await StoreLocation.postgres(database.location).open()
            let member = Membership(shopID: "shop", userID: "ada", role: .member)
            try await store.importMembers([member], at: 1)
            #expect(try await store.members(of: "shop") == [member])
            await store.close()
        }
    }
}
