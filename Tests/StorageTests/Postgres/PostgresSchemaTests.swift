import Chat
import Primitives
import Testing

@testable import Storage

/// The tables: how they are migrated, and that queries use an index.
@Suite(.enabled(if: PostgresTestDatabase.isThere, PostgresTestDatabase.skipped))
struct PostgresSchemaTests {
    @Test func `several nodes may migrate at the same time, and one of them does it`() async throws {
        try await PostgresTestDatabase.withEmptyDatabase { database in
            let location = database.location
            #expect(
                try await PostgresMigrator.pending(at: location).map(\.number)
                    == PostgresSchema.migrations.map(\.number))
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await PostgresMigrator.migrate(location).count } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.sorted() == [0, 0, 0, PostgresSchema.migrations.count])
            #expect(try await PostgresMigrator.pending(at: location).isEmpty)
        }
    }

    @Test func `a migration step that fails leaves no table`() async throws {
        try await PostgresTestDatabase.withEmptyDatabase { database in
            let connection = try await database.session()
            try await connection.execute("CREATE TABLE shop_messages (id uuid PRIMARY KEY, shop_id text)")
            #expect(
                await storageError { try await PostgresMigrator.migrate(database.location) } == .incompatible)
            #expect(try await connection.execute("SELECT to_regclass('shops') IS NULL") == ["t"])
            #expect(try await PostgresMigrator.pending(at: database.location).count == PostgresSchema.migrations.count)
        }
    }

    @Test func `a database of a newer version is left alone`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.session().execute("INSERT INTO shopstream_migrations (number) VALUES (1000)")
            #expect(await storageError { try await PostgresMigrator.migrate(database.location) } == .incompatible)
            #expect(await storageError { try await database.withStore { _ in } } == .incompatible)
        }
    }

    @Test(arguments: ["", ", parent_id text", ", username text", ", parent_id text, username text"], [true, false])
    func `tables of other services keep their columns and rows`(
        moreColumns: String, hasUsernames: Bool
    ) async throws {
        let columns = """
            SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name IN ('shops', 'shop_members', 'users', 'shop_messages')
            ORDER BY table_name, ordinal_position
            """
        try await PostgresTestDatabase.withEmptyDatabase { database in
            let session = try await database.session()
            try await session.execute(
                """
                CREATE TABLE shops (id text PRIMARY KEY, name text NOT NULL, details text, created_by text,
                    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
                CREATE TABLE shop_members (id text PRIMARY KEY, shop_id text NOT NULL REFERENCES shops (id),
                    user_id text NOT NULL, role text NOT NULL, joined_at timestamptz NOT NULL DEFAULT now(),
                    UNIQUE (shop_id, user_id));
                CREATE TABLE users (uid varchar(64) PRIMARY KEY\(hasUsernames ? ", username text" : ""), email text NOT NULL DEFAULT '');
                CREATE TABLE shop_messages (id text PRIMARY KEY, shop_id text NOT NULL REFERENCES shops (id),
                    user_id text NOT NULL, message text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
                    updated_at timestamptz, is_edited bool NOT NULL DEFAULT false\(moreColumns));
                CREATE INDEX ON shop_messages (shop_id, created_at, id);
                INSERT INTO shops (id, name) VALUES ('shop', 'Shop');
                INSERT INTO shop_messages (id, shop_id, user_id, message, created_at)
                    VALUES ('old', 'shop', 'ada', 'before', '2020-01-01T00:00:00.000001Z');
                """)
            let before = try await session.execute(columns)
            _ = try await PostgresMigrator.migrate(database.location)
            #expect(try await session.execute(columns) == before)
            try await database.withStore { store in
                try await store.importMembers(
                    [
                        Membership(shopID: "shop", userID: "ada", role: .admin),
                        Membership(shopID: "other", userID: "ada", role: .member),
                    ], at: 1)
                try await store.setUsername("Ada", of: "ada")
                var message = Message.numbered(1, text: "new")
                message.createdAt = 1_600_000_000_000_000
                message.parentID = "old"
                message.username = "Bob, once"
                try await store.append(message)
                let page = try await store.messages(in: "shop", changedAfter: nil, limit: 10)
                #expect(page.messages.map(\.text) == ["before", "new"])
                #expect(page.messages.map(\.username) == ["Ada", "Bob, once"])
                #expect(page.messages[0].createdAt == Timestamp(rfc3339: "2020-01-01T00:00:00.000001Z"))
                #expect(page.messages[1].parentID == "old")
                let edited = try await store.edit(message.id, in: "shop", text: "edited", at: 1_700_000_000_000_000)
                #expect(edited?.parentID == "old" && edited?.username == "Bob, once")
                // An insert with an existing id leaves the message that has it unchanged.
                message.parentID = nil
                message.username = "another"
                #expect(await storageError { try await store.append(message) } == .conflict)
                #expect(try await store.message(message.id) == edited)
                #expect(try await store.delete(message.id, in: "shop") == edited)
                if try await session.execute("SELECT to_regclass('shopstream_message_extras') IS NULL") == ["f"] {
                    #expect(try await session.execute("SELECT count(*) FROM shopstream_message_extras") == ["0"])
                }
            }
        }
    }

    /// Why the existing tables are refused; nil when they are accepted.
    private static func refusal(_ location: PostgresLocation) async -> StorageError? {
        do throws(StorageError) {
            _ = try await PostgresMigrator.migrate(location)
            return nil
        } catch {
            return error
        }
    }

    private static let table = """
        CREATE TABLE shop_messages (id text PRIMARY KEY, shop_id text NOT NULL, user_id text NOT NULL,
            message text NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz,
            is_edited bool NOT NULL DEFAULT false)
        """

    @Test(arguments: [
        (table.replacing("id text PRIMARY KEY", "id text"), "insertMessage"),
        (table.replacing("created_at timestamptz", "created_at timestamptz(3)"), "created_at keeps no microseconds"),
        (table.replacing("updated_at timestamptz", "updated_at timestamptz(0)"), "updated_at keeps no microseconds"),
        ("CREATE TABLE shop_members (id uuid PRIMARY KEY, shop_id text, user_id text, role text)", "upsertMember"),
        (
            """
            CREATE TYPE shop_role AS ENUM ('admin', 'member');
            CREATE TABLE shop_members (id text PRIMARY KEY, shop_id text, user_id text, role shop_role)
            """, "upsertMember"
        ),
        ("CREATE TABLE users (uid text, username text)", "upsertUsername"),
    ])
    func `tables on which a statement cannot run are refused when they are migrated, by name`(
        sql: String, word: String
    ) async throws {
        try await PostgresTestDatabase.withEmptyDatabase { database in
            try await database.session().execute(sql)
            let refusal = await Self.refusal(database.location)
            #expect(refusal?.kind == .incompatible && refusal?.detail.contains(word) == true, "\(refusal as Any)")
            #expect(try await PostgresMigrator.pending(at: database.location).count == PostgresSchema.migrations.count)
        }
    }

    @Test func `tables that the search path finds in another schema are not shadowed by new ones`() async throws {
        try await PostgresTestDatabase.withDatabase { backend in
            try await PostgresTestDatabase.withEmptyDatabase { own in
                let schema = try await backend.session().execute("SELECT current_schema()")[0]
                let location = try own.location(alsoSeeing: schema)
                let refusal = await Self.refusal(location)
                #expect(refusal?.detail.contains("is in schema \(schema)") == true, "\(refusal as Any)")
                #expect(try await own.session().execute("SELECT to_regclass('shops') IS NULL") == ["t"])
            }
        }
    }

    /// What a statement may be given in a plan; the plan depends on their number and types alone.
    private static func arguments(_ statement: PostgresStatement) -> String? {
        let time = "'2026-01-01T00:00:00Z'"
        return switch statement {
        case .resolveMessage: "('m', \(time))"
        case .checkMessage: "('m', 's', 'u', \(time), true)"
        case .editMessage, .editMessageInOrder: "('m', 'x', \(time))"
        case .lateMessages: "('s', 1000, 10, \(time), 'm', \(time), NULL)"
        case .deleteMessage, .messageByID, .imageByID, .deleteImage: "('m')"
        case .sliceByCreation: "('s', 65536, 10)"
        case .newestSlice: "('s', 65536, 10, 10)"
        case .sliceByCreationAfter, .sliceByChangeAfter, .sliceBefore, .sliceDownFrom:
            "('s', 65536, 10, \(time), 'm')"
        case .placesAfter: "('s', \(time), 'm', 10)"
        case .countMessages: "('s')"
        case .latestChange: "('s', \(time))"
        case .shopExists, .members: "('s')"
        case .role, .deleteMember: "('s', 'u')"
        case .upsertMember: "('s', 'u', 'member', \(time))"
        case .purgeMemberChanges, .purgeMessageDeletions, .purgeChanges, .purgeMarks: "(10)"
        case .membershipChanges: "(1, 10)"
        case .isImageNamed: "('s', 'x')"
        case .unkeptImages: "(\(time), \(time), 'm', 10)"
        case .keepImages: "(true, ARRAY['m'], 's')"
        case .username: "('u')"
        case .changesSince, .deletionsSince: "(\(time), 'm', 10)"
        case .changesNamed: "(ARRAY['m1', 'm2'], 7)"
        // They insert their arguments and read tables only by their keys.
        case .insertMessage, .insertMessageInOrder, .takeMark, .insertShop, .importMembers, .insertImage,
            .upsertUsername, .ping, .currentTime:
            nil
        }
    }

    /// The index that gives a list its order, so that no more rows are read than are listed.
    private static func index(_ statement: PostgresStatement) -> String? {
        switch statement {
        case .sliceByCreation, .sliceByCreationAfter, .newestSlice, .sliceBefore, .sliceDownFrom, .placesAfter:
            "shop_messages_by_creation"
        case .sliceByChangeAfter: "shop_messages_by_change"
        case .unkeptImages: "shop_images_unkept"
        default: nil
        }
    }

    @Test func `no statement scans a table, and lists are in the order of an index`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let connection = try await database.session()
            try await connection.execute(
                """
                SET session_replication_role = replica;
                INSERT INTO shop_messages (id, shop_id, user_id, message, created_at)
                    SELECT 'm' || n, 's' || n % 200, 'u' || n % 50, 'text', '2026-01-01'::timestamptz + n * interval '1 s'
                    FROM generate_series(1, 40000) n;
                INSERT INTO shops (id) SELECT 's' || n FROM generate_series(1, 5000) n;
                INSERT INTO users (uid) SELECT 'u' || n FROM generate_series(1, 5000) n;
                INSERT INTO shop_members (id, shop_id, user_id)
                    SELECT n::text, 's' || n % 200, 'u' || n FROM generate_series(1, 20000) n;
                INSERT INTO shop_member_changes (shop_id, user_id, position)
                    SELECT 's', 'u', n FROM generate_series(-20000, -1) n;
                INSERT INTO shop_message_deletions (message_id, shop_id, deleted_at)
                    SELECT 'm' || n, 's', now() - n * interval '10 s' FROM generate_series(1, 20000) n;
                INSERT INTO shop_images (id, shop_id, user_id, file_extension, created_at, is_kept)
                    SELECT 'm' || n, 's', 'u', 'png', '2025-06-01'::timestamptz + n * interval '1 h', n % 20 <> 0
                    FROM generate_series(1, 10000) n;
                INSERT INTO shopstream_changes (shop_id, message_id, changed_at, xid)
                    SELECT 's' || n % 200, 'm' || n, '2026-01-01'::timestamptz + n * interval '1 s', n::text::xid8
                    FROM generate_series(1, 20000) n;
                INSERT INTO shopstream_snapshots (taken_at, snapshot)
                    SELECT now() - n * interval '1 s', (n || ':' || n || ':')::pg_snapshot
                    FROM generate_series(1, 20000) n;
                INSERT INTO shopstream_shop_clocks SELECT 's' || n, now() FROM generate_series(1, 5000) n;
                ANALYZE shopstream_changes, shopstream_snapshots, shopstream_shop_clocks, shops, shop_members, shop_messages, shop_images, shop_member_changes,
                    shop_message_deletions, users;
                """)
            for statement in PostgresStatement.allCases {
                guard let arguments = Self.arguments(statement) else { continue }
                try await connection.execute("PREPARE \(statement.rawValue) AS \(statement.sql(PostgresTableShape()))")
                for mode in ["force_custom_plan", "force_generic_plan"] {
                    try await connection.execute("SET plan_cache_mode = \(mode)")
                    let plan = try await connection.execute("EXPLAIN EXECUTE \(statement.rawValue) \(arguments)")
                    let text = plan.joined(separator: "\n")
                    #expect(!text.contains("Seq Scan"), "\(statement.rawValue), \(mode):\n\(text)")
                    if let index = Self.index(statement) {
                        #expect(text.contains("\(index) on "), "\(statement.rawValue), \(mode):\n\(text)")
                        #expect(!text.contains("Sort"), "\(statement.rawValue), \(mode):\n\(text)")
                    }
                }
            }
        }
    }
}

extension String {
    fileprivate func replacing(_ part: String, _ other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
