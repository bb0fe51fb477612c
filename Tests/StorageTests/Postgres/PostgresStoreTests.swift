import Chat
import Primitives
import Testing

@testable import Storage

/// The store against a real PostgreSQL and its failures.
@Suite(.enabled(if: PostgresTestDatabase.isThere, PostgresTestDatabase.skipped))
struct PostgresStoreTests {
    /// Makes every insert of a message whose text begins with `fault` fail with an SQLSTATE.
    private func install(fault: String, sqlState: String, on database: PostgresTestDatabase) async throws {
        try await database.session().execute(
            """
            CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF starts_with(NEW.message, '\(fault)') THEN
                    RAISE EXCEPTION 'fault' USING ERRCODE = '\(sqlState)';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER fault BEFORE INSERT ON shop_messages FOR EACH ROW EXECUTE FUNCTION fault();
            """)
    }

    @Test func `appends that wait together share commits, and a failed row does not fail the others`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await install(fault: "bad", sqlState: "P0001", on: database)
            try await database.withStore {
                $0.connectionCount = 1
            } _: { store in
                let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
                    for number in 1...300 {
                        group.addTask {
                            let text = number == 150 ? "bad" : "good"
                            do {
                                try await store.append(.numbered(number, text: text))
                                return (number, true)
                            } catch {
                                return (number, false)
                            }
                        }
                    }
                    return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
                }
                #expect(outcomes.allSatisfy { number, isStored in isStored != (number == 150) })
                let statistics = store.statistics
                #expect(statistics.storedCount == 299 && statistics.failedCount == 1)
                #expect(statistics.batchMessageCountMax > 1 && statistics.commitCount < 299)
                #expect(statistics.waitingMessageCount == 0 && statistics.waitingByteCount == 0)
                let rows = try await store.messages(in: "shop", changedAfter: nil, limit: 1000)
                #expect(rows.messages.count == 299)
            }
        }
    }

    @Test(arguments: [
        ("53100", StorageError.Kind.full), ("23514", .invalid), ("40001", .busy), ("25006", .unavailable),
        ("XX001", .corrupt), ("P0001", .unexpected),
    ])
    func `an error of the server has its own meaning`(sqlState: String, kind: StorageError.Kind) async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await install(fault: "bad", sqlState: sqlState, on: database)
            try await database.withStore { store in
                #expect(await storageError { try await store.append(.numbered(1, text: "bad")) } == kind)
                try await store.append(.numbered(2, text: "good"))
            }
        }
    }

    @Test func `a lock is waited for as long as allowed, then the store is busy`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let holder = try await database.session()
            try await database.withStore {
                $0.lockTimeout = .milliseconds(500)
            } _: { store in
                try await holder.execute("BEGIN")
                try await holder.execute("LOCK TABLE shop_messages")
                #expect(await storageError { try await store.append(.numbered(1)) } == .busy)
                #expect(await storageError { try await store.message("m1") } == .busy)
                try await holder.execute("ROLLBACK")
                try await store.append(.numbered(1))
            }
        }
    }

    @Test func `a statement that runs too long is ended`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.session().execute(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    PERFORM pg_sleep(60);
                    RETURN NEW;
                END $$;
                CREATE TRIGGER slow BEFORE INSERT ON shop_messages FOR EACH ROW EXECUTE FUNCTION slow();
                """)
            try await database.withStore {
                $0.statementTimeout = .milliseconds(300)
            } _: { store in
                #expect(await storageError { try await store.append(.numbered(1)) } == .busy)
                try await store.ping()
            }
        }
    }

    @Test func `every message is answered although connections end with requests in flight`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.withStore { store in
                let appends = Task {
                    var stored: [Int] = []
                    for number in 1...400 {
                        do {
                            try await store.append(.numbered(number))
                            stored.append(number)
                        } catch let error as StorageError {
                            #expect(error.kind == .unavailable, "\(error)")
                        }
                    }
                    return stored
                }
                let killer = try await database.session()
                // The application's name tells this store's sessions from those of other tests.
                for _ in 0..<10 {
                    try await killer.execute(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name = '\(database.applicationName)' AND pid <> pg_backend_pid()
                        """)
                    for _ in 0..<50 { await Task.yield() }
                }
                let stored = try await appends.value
                let rows = try await store.messages(in: "shop", changedAfter: nil, limit: 1000).messages
                #expect(Set(stored.map { "m\($0)" }).isSubset(of: Set(rows.map(\.id.text))))
                #expect(stored.count > 100, "requests in flight were looked up, and new connections continued")
            }
        }
    }

    @Test func `an edit of a message runs after the appends of its shop`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.withStore { store in
                try await store.append(.numbered(1))
                async let second = store.append(.numbered(2))
                async let edited = store.edit("m1", in: "shop", text: "edited", at: 3)
                _ = try await second
                #expect(try await edited?.text == "edited")
            }
        }
    }

    @Test func `a missing database is unavailable at once`() async throws {
        let location = try PostgresLocation("postgres://nobody@127.0.0.1:1/none")
        #expect(
            await storageError {
                try await PostgresStore.open(location, configuration: PostgresConfiguration(origin: "x"))
            } == .unavailable)
    }

    @Test func `a closed store refuses requests and is closed once`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let store = try await PostgresStore.open(
                database.location, configuration: PostgresConfiguration(origin: "x"))
            try await store.append(.numbered(1))
            await store.close()
            await store.close()
            #expect(await storageError { try await store.ping() } == .unavailable)
        }
    }

    @Test func `a change of a membership is returned, with a position that advances`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.withStore { store in
                try await store.createShop("shop", name: nil, at: 1)
                let position = try await store.membershipChanges(after: nil)
                #expect(position.changes.isEmpty)
                try await store.addMember(Membership(shopID: "shop", userID: "ada", role: .member), at: 2)
                try await store.addMember(Membership(shopID: "shop", userID: "ada", role: .admin), at: 3)
                let changes = try await store.membershipChanges(after: position.position)
                #expect(
                    Set(changes.changes) == [MembershipChange(shopID: "shop", userID: "ada")]
                        && changes.position >= position.position && !changes.isIncomplete)
            }
        }
    }

    @Test func `a role that only another service knows makes no member and hides none`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let session = try await database.session()
            try await session.execute(
                """
                ALTER TABLE shop_members DROP CONSTRAINT shop_members_role_check;
                INSERT INTO shops (id) VALUES ('shop');
                INSERT INTO shop_members (id, shop_id, user_id, role) VALUES
                    ('1', 'shop', 'ada', 'owner'), ('2', 'shop', 'grace', 'member')
                """)
            try await database.withStore { store in
                #expect(try await store.role(of: "ada", in: "shop") == nil)
                let members = try await store.members(of: "shop")
                #expect(members == [Membership(shopID: "shop", userID: "grace", role: .member)])
            }
        }
    }
}
