import Chat
import FoundationEssentials
import Primitives
import Testing

@testable import Storage

/// The store beside other sessions that hold locks, or conflict with its transactions.
@Suite(.enabled(if: PostgresTestDatabase.isThere, PostgresTestDatabase.skipped))
struct PostgresLockTests {
    @Test func `a shop whose row is locked is busy, the others' messages are stored`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let holder = try await database.session()
            try await holder.execute(
                """
                INSERT INTO shops (id) SELECT 'shop-' || n FROM generate_series(0, 4) n;
                ALTER TABLE shop_messages ADD FOREIGN KEY (shop_id) REFERENCES shops (id)
                """)
            try await database.withStore {
                $0.connectionCount = 1
                $0.lockTimeout = .milliseconds(500)
            } _: { store in
                try await holder.execute("BEGIN")
                try await holder.execute("SELECT 1 FROM shops WHERE id = 'shop-0' FOR UPDATE")
                let outcomes = await withTaskGroup(of: (Int, StorageError.Kind?).self) { group in
                    for number in 0..<60 {
                        group.addTask {
                            do throws(StorageError) {
                                try await store.append(.numbered(number, shop: "shop-\(number % 5)"))
                                return (number, nil)
                            } catch {
                                return (number, error.kind)
                            }
                        }
                    }
                    return await group.reduce(into: [Int: StorageError.Kind?]()) { $0[$1.0] = .some($1.1) }
                }
                for (number, failure) in outcomes {
                    #expect(failure == (number.isMultiple(of: 5) ? .busy : nil), "message \(number)")
                }
                try await holder.execute("ROLLBACK")
                #expect(store.statistics.storedCount == 48)
            }
        }
    }

    @Test func `reads that wait for a lock delay no write`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            let holder = try await database.session()
            try await database.withStore {
                $0.connectionCount = 2
                $0.lockTimeout = .seconds(4)
            } _: { store in
                try await holder.execute("BEGIN")
                try await holder.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                let answers = Recorder<StorageError.Kind?>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 1...2 {
                        group.addTask {
                            answers.note(
                                await storageError {
                                    try await store.messages(in: "shop", changedAfter: nil, limit: 9)
                                })
                        }
                    }
                    // On the loop's thread the reads come before requests of a later time.
                    try await Task.sleep(for: .milliseconds(100))
                    try await store.append(.numbered(1))
                    #expect(answers.elements.isEmpty)
                    try await group.waitForAll()
                }
                #expect(answers.elements == Array(repeating: .busy, count: 2))
                try await holder.execute("ROLLBACK")
            }
        }
    }

    @Test func `a transaction that the server rolls back for another one is repeated`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.session().execute(
                """
                CREATE SEQUENCE attempts;
                CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF nextval('attempts') < 3 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER fault BEFORE INSERT ON shop_messages FOR EACH ROW EXECUTE FUNCTION fault();
                """)
            try await database.withStore { store in
                try await store.append(.numbered(1))
                #expect(store.statistics.storedCount == 1)
            }
        }
    }

    @Test func `a session reads committed rows, whatever the server's default isolation is`() async throws {
        try await PostgresTestDatabase.withDatabase { database in
            try await database.session().execute(
                """
                CREATE FUNCTION level() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    NEW.message := current_setting('transaction_isolation');
                    RETURN NEW;
                END $$;
                CREATE TRIGGER level BEFORE INSERT ON shop_messages FOR EACH ROW EXECUTE FUNCTION level();
                """)
            let stricter = database.location.connectionString.replacing(
                "options=", with: "options=-cdefault_transaction_isolation%3Dserializable%20")
            let store = try await PostgresStore.open(
                PostgresLocation(stricter), configuration: PostgresConfiguration(origin: "x"))
            try await store.append(.numbered(1))
            #expect(try await store.message("m1")?.text == "read committed")
            await store.close()
        }
    }
}
