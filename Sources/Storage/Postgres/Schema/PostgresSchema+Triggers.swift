extension PostgresSchema {
    /// Every writer of the tables fires the triggers. They run with the rights of their owner, who may write the logs,
    /// and they find their tables whatever the writer's search path is. A trigger must not make a write fail: times
    /// that cannot be sent to a client are clamped, and a notification that would be too long is left out.
    ///
    /// A commit that notifies holds a cluster-wide lock during its flush, so that no two such commits share a flush.
    /// Our own messages are therefore announced only where another node must receive them.
    ///
    /// Deletions are logged, so that a broker that was disconnected finds what it missed.
    static let triggersForEveryWriter = """
        CREATE TABLE IF NOT EXISTS shop_message_deletions (
            message_id text NOT NULL,
            shop_id text NOT NULL,
            deleted_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE INDEX IF NOT EXISTS shop_message_deletions_by_time ON shop_message_deletions (deleted_at);
        DO $step$ BEGIN EXECUTE replace($functions$
        \(messageFunction)
        \(memberFunction)
        $functions$, '@schema@', quote_ident(current_schema())); END $step$;
        DROP TRIGGER IF EXISTS shopstream_message_created ON shop_messages;
        CREATE TRIGGER shopstream_message_created AFTER INSERT ON shop_messages
            FOR EACH ROW WHEN (\(isAnnounced)) EXECUTE FUNCTION shopstream_message_changed();
        DROP TRIGGER IF EXISTS shopstream_message_deleted ON shop_messages;
        CREATE TRIGGER shopstream_message_deleted AFTER DELETE ON shop_messages
            FOR EACH ROW EXECUTE FUNCTION shopstream_message_changed();
        DROP TRIGGER IF EXISTS shopstream_message_edited ON shop_messages;
        CREATE TRIGGER shopstream_message_edited AFTER UPDATE ON shop_messages
            FOR EACH ROW WHEN (
                \(isAnnounced) AND (OLD.message, OLD.updated_at, OLD.is_edited)
                    IS DISTINCT FROM (NEW.message, NEW.updated_at, NEW.is_edited)
            ) EXECUTE FUNCTION shopstream_message_changed();
        REVOKE ALL ON FUNCTION shopstream_message_changed(), shopstream_member_changed() FROM PUBLIC;
        """

    static let isAnnounced = "current_setting('\(announceSetting)', true) IS DISTINCT FROM 'off'"

    /// `@schema@` is replaced by the tables' schema. With that schema on the search path instead, any role that may
    /// create objects there could substitute a function.
    private static let messageFunction = """
        CREATE OR REPLACE FUNCTION shopstream_message_changed() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        DECLARE
            origin text := coalesce(current_setting('\(originSetting)', true), '');
            changed @schema@.shop_messages := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
            earliest timestamptz := '0001-01-01 00:00:00+00 BC';
            latest timestamptz := '9999-12-31 23:59:59.999999+00';
            payload text;
        BEGIN
            IF TG_OP = 'DELETE' THEN
                INSERT INTO @schema@.shop_message_deletions (message_id, shop_id) VALUES (changed.id, changed.shop_id);
                IF NOT (\(isAnnounced)) THEN
                    RETURN NULL;
                END IF;
            ELSIF octet_length(changed.message) < 3000 THEN
                IF origin = '' THEN
                    changed.username := coalesce(
                        (SELECT u.username FROM @schema@.users u WHERE u.uid = changed.user_id), changed.username);
                END IF;
                changed.created_at := greatest(earliest, least(latest, changed.created_at));
                IF changed.updated_at IS NOT NULL THEN
                    changed.updated_at := greatest(earliest, least(latest, changed.updated_at));
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
            IF octet_length(origin) + octet_length(payload) < 7900 THEN
                PERFORM pg_notify('\(channelPrefix)' || TG_TABLE_SCHEMA, origin || ' ' || payload);
            END IF;
            RETURN NULL;
        END
        $function$;
        """

    private static let memberFunction = """
        CREATE OR REPLACE FUNCTION shopstream_member_changed() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        DECLARE
            origin text := coalesce(current_setting('\(originSetting)', true), '');
            changed record;
            payload text;
        BEGIN
            IF TG_OP = 'UPDATE' AND (OLD.shop_id, OLD.user_id, OLD.role) = (NEW.shop_id, NEW.user_id, NEW.role) THEN
                RETURN NULL;
            END IF;
            FOR changed IN
                SELECT OLD.shop_id, OLD.user_id WHERE TG_OP <> 'INSERT'
                UNION SELECT NEW.shop_id, NEW.user_id WHERE TG_OP <> 'DELETE'
            LOOP
                INSERT INTO @schema@.shop_member_changes (shop_id, user_id) VALUES (changed.shop_id, changed.user_id);
                payload := json_build_object(
                    'op', 'MEMBER', 'shop_id', changed.shop_id, 'user_id', changed.user_id)::text;
                IF octet_length(origin) + octet_length(payload) < 7900 THEN
                    PERFORM pg_notify('\(channelPrefix)' || TG_TABLE_SCHEMA, origin || ' ' || payload);
                END IF;
            END LOOP;
            RETURN NULL;
        END
        $function$;
        """
}
