/// The tables, as numbered steps. A released step never changes, unless it is to do less: every other change is a new
/// step.
///
/// The tables may exist already, made by the services that share them. They then keep their columns and gain indexes
/// and triggers. Step 2 once added columns; databases that it changed keep them. Identifiers are ordered byte for byte
/// (`COLLATE "C"`), whatever the database's own collation is.
package enum PostgresSchema {
    /// One step.
    struct Migration: Sendable {
        let number: Int
        let title: String
        let sql: String
    }

    /// The session setting that names the writer to the triggers. Other services leave it empty.
    static let originSetting = "shopstream.origin"
    /// The session setting by which a writer declares, with `off`, that its messages need no notifications.
    static let announceSetting = "shopstream.announce"
    /// The transaction setting that names the message that a node deletes. The database announces the messages that a
    /// foreign key deletes with it, even when the node announces nothing.
    static let deletingSetting = "shopstream.deleting"
    /// The prefix of the channel's name; the tables' schema follows it.
    package static let channelPrefix = "shopstream:"
    /// The lock that is held while the steps are applied.
    static let lockKey: Int64 = 0x7368_6f70_7374_726d

    /// Acquires the lock that records which nodes use the tables, for the lifetime of the session: alone, or shared
    /// with other nodes that share the tables. False when another session holds it in a conflicting mode.
    static func nodeLock(isShared: String) -> String {
        let key = "\(lockKey >> 32), hashtext(current_schema())"
        return "CASE WHEN \(isShared) THEN pg_try_advisory_lock_shared(\(key)) ELSE pg_try_advisory_lock(\(key)) END"
    }

    /// All steps, in their order.
    static let migrations = [
        Migration(number: 1, title: "tables, as other services know them", sql: tables),
        Migration(number: 2, title: "what queries need of tables that were there before", sql: adoption),
        Migration(number: 3, title: "images, and the log of changed memberships", sql: additions),
        Migration(number: 4, title: "notifications of changes", sql: notifications),
        Migration(number: 5, title: "triggers for writers of every kind", sql: triggersForEveryWriter),
        Migration(number: 6, title: "notifications are hints, deletions are found by their message", sql: hints),
        Migration(number: 7, title: "which images messages name", sql: imageNames),
        Migration(number: 8, title: "what members files said", sql: memberImports),
        Migration(number: 9, title: "the log of changes, for a catch-up beside other writers", sql: changeLog),
        Migration(number: 10, title: "what tables of other services have no column for", sql: extras),
    ]

    /// What members files said when their lines were first read, and in later reads: see
    /// `MembershipStore.importMembers`.
    private static let memberImports = """
        CREATE TABLE shopstream_member_imports (
            shop_id text NOT NULL,
            user_id text NOT NULL,
            role text NOT NULL,
            PRIMARY KEY (shop_id, user_id)
        );
        """

    private static let tables = """
        CREATE TABLE IF NOT EXISTS shops (
            id text PRIMARY KEY,
            name text,
            details text,
            created_by text,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz
        );
        CREATE TABLE IF NOT EXISTS shop_members (
            id text PRIMARY KEY,
            shop_id text NOT NULL,
            user_id text NOT NULL,
            role text NOT NULL DEFAULT 'member' CHECK (role IN ('admin', 'member')),
            joined_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (shop_id, user_id)
        );
        CREATE TABLE IF NOT EXISTS users (
            uid text PRIMARY KEY,
            username text,
            email text
        );
        CREATE TABLE IF NOT EXISTS shop_messages (
            id text PRIMARY KEY,
            shop_id text NOT NULL,
            user_id text NOT NULL,
            message text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz,
            is_edited boolean NOT NULL DEFAULT false,
            parent_id text,
            username text
        );
        """

    private static let adoption = """
        DO $adoption$
        DECLARE
            found record;
        BEGIN
            FOR found IN
                SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
                WHERE c.table_schema = current_schema() AND (
                    (c.table_name, c.column_name) IN (
                        ('shops', 'id'), ('shop_members', 'shop_id'), ('shop_members', 'user_id'),
                        ('shop_messages', 'id'), ('shop_messages', 'shop_id'), ('shop_messages', 'user_id'),
                        ('shop_messages', 'parent_id'), ('users', 'uid'))
                    AND c.data_type NOT IN ('text', 'character varying')
                    OR c.table_name = 'shop_messages' AND c.column_name IN ('created_at', 'updated_at')
                    AND c.data_type <> 'timestamp with time zone')
            LOOP
                RAISE EXCEPTION 'column %.% is %: identifiers must be text, times timestamp with time zone',
                    found.table_name, found.column_name, found.data_type USING ERRCODE = 'datatype_mismatch';
            END LOOP;
        END
        $adoption$;
        CREATE UNIQUE INDEX IF NOT EXISTS shop_members_by_shop_and_user ON shop_members (shop_id, user_id);
        CREATE INDEX IF NOT EXISTS shop_members_in_order ON shop_members (shop_id, user_id COLLATE "C");
        CREATE INDEX IF NOT EXISTS shop_messages_by_creation
            ON shop_messages (shop_id, created_at, id COLLATE "C");
        CREATE INDEX IF NOT EXISTS shop_messages_by_change
            ON shop_messages (shop_id, (coalesce(updated_at, created_at)), id COLLATE "C");
        CREATE INDEX IF NOT EXISTS shop_messages_by_change_everywhere
            ON shop_messages ((coalesce(updated_at, created_at)));
        """

    /// The position of a change is the number of its transaction. It is final once it is below every running
    /// transaction, whereas the numbers of a sequence become visible in any order.
    private static let additions = """
        CREATE TABLE IF NOT EXISTS shop_images (
            id text PRIMARY KEY,
            shop_id text NOT NULL,
            user_id text NOT NULL,
            file_extension text NOT NULL,
            created_at timestamptz NOT NULL,
            is_kept boolean NOT NULL DEFAULT false
        );
        CREATE INDEX IF NOT EXISTS shop_images_unkept ON shop_images (created_at, id COLLATE "C") WHERE NOT is_kept;
        CREATE TABLE IF NOT EXISTS shop_member_changes (
            position bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
            changed_at timestamptz NOT NULL DEFAULT now(),
            shop_id text NOT NULL,
            user_id text NOT NULL
        );
        CREATE INDEX IF NOT EXISTS shop_member_changes_by_position ON shop_member_changes (position);
        CREATE INDEX IF NOT EXISTS shop_member_changes_by_time ON shop_member_changes (changed_at);
        """

    /// A notification is `origin JSON`. It is limited to 8,000 bytes: a row that is too large is left out and read by
    /// its id. A writer without an origin does not send a name with the message, so the trigger looks it up.
    private static let notifications = """
        CREATE OR REPLACE FUNCTION shopstream_message_changed() RETURNS trigger LANGUAGE plpgsql AS $function$
        DECLARE
            origin text := coalesce(current_setting('\(originSetting)', true), '');
            changed shop_messages := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
            payload text;
        BEGIN
            IF TG_OP <> 'DELETE' AND octet_length(changed.message) < 3000 THEN
                IF origin = '' THEN
                    changed.username := coalesce(
                        (SELECT u.username FROM users u WHERE u.uid = changed.user_id), changed.username);
                END IF;
                payload := json_build_object(
                    'op', TG_OP, 'id', changed.id, 'shop_id', changed.shop_id, 'user_id', changed.user_id,
                    'message', changed.message, 'parent_id', changed.parent_id, 'username', changed.username,
                    'is_edited', changed.is_edited,
                    'created_at', (extract(epoch FROM changed.created_at) * 1000000)::bigint,
                    'updated_at', (extract(epoch FROM changed.updated_at) * 1000000)::bigint)::text;
            END IF;
            IF payload IS NULL OR octet_length(payload) > 7000 THEN
                payload := json_build_object('op', TG_OP, 'id', changed.id, 'shop_id', changed.shop_id)::text;
            END IF;
            PERFORM pg_notify('\(channelPrefix)' || TG_TABLE_SCHEMA, origin || ' ' || payload);
            RETURN NULL;
        END
        $function$;
        DROP TRIGGER IF EXISTS shopstream_message_created ON shop_messages;
        CREATE TRIGGER shopstream_message_created AFTER INSERT OR DELETE ON shop_messages
            FOR EACH ROW EXECUTE FUNCTION shopstream_message_changed();
        DROP TRIGGER IF EXISTS shopstream_message_edited ON shop_messages;
        CREATE TRIGGER shopstream_message_edited AFTER UPDATE ON shop_messages
            FOR EACH ROW WHEN (
                (OLD.message, OLD.updated_at, OLD.is_edited) IS DISTINCT FROM (NEW.message, NEW.updated_at, NEW.is_edited)
            ) EXECUTE FUNCTION shopstream_message_changed();

        CREATE OR REPLACE FUNCTION shopstream_member_changed() RETURNS trigger LANGUAGE plpgsql AS $function$
        DECLARE
            origin text := coalesce(current_setting('\(originSetting)', true), '');
            changed record;
        BEGIN
            IF TG_OP = 'UPDATE' AND (OLD.shop_id, OLD.user_id, OLD.role) = (NEW.shop_id, NEW.user_id, NEW.role) THEN
                RETURN NULL;
            END IF;
            FOR changed IN
                SELECT OLD.shop_id, OLD.user_id WHERE TG_OP <> 'INSERT'
                UNION SELECT NEW.shop_id, NEW.user_id WHERE TG_OP <> 'DELETE'
            LOOP
                INSERT INTO shop_member_changes (shop_id, user_id) VALUES (changed.shop_id, changed.user_id);
                PERFORM pg_notify(
                    '\(channelPrefix)' || TG_TABLE_SCHEMA, origin || ' ' || json_build_object(
                        'op', 'MEMBER', 'shop_id', changed.shop_id, 'user_id', changed.user_id)::text);
            END LOOP;
            DELETE FROM shop_member_changes WHERE changed_at < now() - interval '1 day';
            RETURN NULL;
        END
        $function$;
        DROP TRIGGER IF EXISTS shopstream_member_changed ON shop_members;
        CREATE TRIGGER shopstream_member_changed AFTER INSERT OR UPDATE OR DELETE ON shop_members
            FOR EACH ROW EXECUTE FUNCTION shopstream_member_changed();
        """
}
