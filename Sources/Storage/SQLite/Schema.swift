import GRDB

/// The tables and their migrations.
///
/// Names and columns are those that other services know from PostgreSQL. Times are integers, in microseconds since the
/// epoch: compact, and ordered. Identifiers are TEXT under SQLite's binary collation, so they compare byte for byte.
/// `shop_messages.username` is an addition: the author's name from the token, for authors that the table of users does
/// not contain.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE shops (
                        id TEXT NOT NULL PRIMARY KEY,
                        name TEXT,
                        details TEXT,
                        created_by TEXT,
                        created_at INTEGER NOT NULL,
                        updated_at INTEGER
                    ) STRICT;
                    CREATE TABLE shop_members (
                        id TEXT NOT NULL PRIMARY KEY,
                        shop_id TEXT NOT NULL,
                        user_id TEXT NOT NULL,
                        role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
                        joined_at INTEGER NOT NULL,
                        UNIQUE (shop_id, user_id)
                    ) STRICT;
                    CREATE TABLE users (
                        uid TEXT NOT NULL PRIMARY KEY,
                        username TEXT,
                        email TEXT
                    ) STRICT;
                    CREATE TABLE shop_messages (
                        id TEXT NOT NULL PRIMARY KEY,
                        shop_id TEXT NOT NULL,
                        user_id TEXT NOT NULL,
                        message TEXT NOT NULL,
                        created_at INTEGER NOT NULL,
                        updated_at INTEGER,
                        is_edited INTEGER NOT NULL DEFAULT 0 CHECK (is_edited IN (0, 1)),
                        parent_id TEXT,
                        username TEXT
                    ) STRICT;
                    CREATE INDEX shop_messages_by_creation ON shop_messages (shop_id, created_at, id);
                    CREATE INDEX shop_messages_by_change
                        ON shop_messages (shop_id, coalesce(updated_at, created_at), id);
                    """)
        }
        migrator.registerMigration("2") { db in
            try db.execute(sql: imagesAndMembershipChanges)
        }
        migrator.registerMigration("3") { db in
            try db.execute(sql: imageNames)
            let rows = try Row.fetchCursor(
                db, sql: "SELECT shop_id, message, id FROM shop_messages WHERE instr(message, '[IMAGE:') > 0")
            while let row = try rows.next() {
                for name in ImageNames.names(in: row[1]) {
                    try db.execute(sql: Queries.insertImageName, arguments: [row[0] as String, name, row[2] as String])
                }
            }
        }
        migrator.registerMigration("member-imports") { db in
            try db.execute(sql: memberImports)
        }
        return migrator
    }

    /// Which images messages name, updated together with the messages.
    private static let imageNames = """
        CREATE TABLE shop_image_names (
            shop_id TEXT NOT NULL,
            file_name TEXT NOT NULL,
            message_id TEXT NOT NULL,
            PRIMARY KEY (shop_id, file_name, message_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX shop_image_names_by_message ON shop_image_names (message_id);
        CREATE TRIGGER shop_messages_deleted AFTER DELETE ON shop_messages BEGIN
            DELETE FROM shop_image_names WHERE message_id = old.id;
        END;
        """

    /// What members files said when their lines were first read, and in later reads: see
    /// `MembershipStore.importMembers`.
    private static let memberImports = """
        CREATE TABLE shopstream_member_imports (
            shop_id TEXT NOT NULL,
            user_id TEXT NOT NULL,
            role TEXT NOT NULL,
            PRIMARY KEY (shop_id, user_id)
        ) STRICT, WITHOUT ROWID;
        """

    /// Images, and a log of changed memberships, which triggers maintain for all writers.
    private static let imagesAndMembershipChanges = """
        CREATE TABLE shop_images (
            id TEXT NOT NULL PRIMARY KEY,
            shop_id TEXT NOT NULL,
            user_id TEXT NOT NULL,
            file_extension TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            is_kept INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1))
        ) STRICT;
        CREATE INDEX shop_images_unkept ON shop_images (created_at, id) WHERE is_kept = 0;
        CREATE TABLE shop_member_changes (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            shop_id TEXT NOT NULL,
            user_id TEXT NOT NULL
        ) STRICT;
        CREATE TRIGGER shop_members_inserted AFTER INSERT ON shop_members BEGIN
            INSERT INTO shop_member_changes (shop_id, user_id) VALUES (new.shop_id, new.user_id);
            DELETE FROM shop_member_changes
            WHERE position <= (SELECT max(position) FROM shop_member_changes) - \(Limits.membershipChangeCountMax);
        END;
        CREATE TRIGGER shop_members_updated AFTER UPDATE ON shop_members
        WHEN old.role IS NOT new.role OR old.shop_id IS NOT new.shop_id OR old.user_id IS NOT new.user_id BEGIN
            INSERT INTO shop_member_changes (shop_id, user_id) VALUES (old.shop_id, old.user_id);
            INSERT INTO shop_member_changes (shop_id, user_id) VALUES (new.shop_id, new.user_id);
            DELETE FROM shop_member_changes
            WHERE position <= (SELECT max(position) FROM shop_member_changes) - \(Limits.membershipChangeCountMax);
        END;
        CREATE TRIGGER shop_members_deleted AFTER DELETE ON shop_members BEGIN
            INSERT INTO shop_member_changes (shop_id, user_id) VALUES (old.shop_id, old.user_id);
            DELETE FROM shop_member_changes
            WHERE position <= (SELECT max(position) FROM shop_member_changes) - \(Limits.membershipChangeCountMax);
        END;
        """
}
