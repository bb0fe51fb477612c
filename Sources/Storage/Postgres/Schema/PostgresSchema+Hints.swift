extension PostgresSchema {
    /// Any role that can connect may send a notification, so it has no content. It names a message, and brokers read
    /// the row, or the log of deletions. Only the triggers may add to that log: they run with the rights of its owner,
    /// and grants to other roles, which default privileges of a schema may have made, are revoked.
    static let hints = """
        CREATE INDEX IF NOT EXISTS shop_message_deletions_by_message ON shop_message_deletions (message_id);
        DO $revoke$
        DECLARE
            logged text;
            grantee text;
        BEGIN
            FOREACH logged IN ARRAY ARRAY['shop_message_deletions', 'shop_member_changes'] LOOP
                EXECUTE format('REVOKE INSERT, UPDATE, TRUNCATE, TRIGGER ON %I FROM PUBLIC', logged);
                FOR grantee IN
                    SELECT DISTINCT quote_ident(r.rolname)
                    FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
                    WHERE c.oid = to_regclass(logged) AND a.grantee <> c.relowner
                LOOP
                    EXECUTE format('REVOKE INSERT, UPDATE, TRUNCATE, TRIGGER ON %I FROM %s', logged, grantee);
                END LOOP;
            END LOOP;
        END
        $revoke$;
        DO $step$ BEGIN EXECUTE replace($functions$
        \(messageFunction)
        $functions$, '@schema@', quote_ident(current_schema())); END $step$;
        REVOKE ALL ON FUNCTION shopstream_message_changed() FROM PUBLIC;
        """

    /// `@schema@` is replaced by the tables' schema, as in the step before.
    private static let messageFunction = """
        CREATE OR REPLACE FUNCTION shopstream_message_changed() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        DECLARE
            origin text := coalesce(current_setting('\(originSetting)', true), '');
            changed @schema@.shop_messages := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
            payload text;
        BEGIN
            IF TG_OP = 'DELETE' THEN
                INSERT INTO @schema@.shop_message_deletions (message_id, shop_id) VALUES (changed.id, changed.shop_id);
                IF NOT (\(isAnnounced)) THEN
                    -- A foreign key of another service deletes replies with their message: the node that deleted it does
                    -- not see which, and hears of each like of another writer's.
                    IF changed.id = current_setting('\(deletingSetting)', true) THEN
                        RETURN NULL;
                    END IF;
                    origin := '';
                END IF;
                IF changed.message LIKE '%[IMAGE:%' THEN
                    -- Images that it names may be orphans now. Rows that are locked are passed over: no writer waits.
                    UPDATE @schema@.shop_images i SET is_kept = false WHERE i.ctid = ANY (ARRAY(
                        SELECT k.ctid FROM @schema@.shop_images k
                        WHERE k.id IN (
                            SELECT (regexp_matches(changed.message, '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g'))[1]
                        ) AND k.shop_id = changed.shop_id AND k.is_kept FOR UPDATE SKIP LOCKED));
                END IF;
            END IF;
            payload := json_build_object('op', TG_OP, 'id', changed.id, 'shop_id', changed.shop_id)::text;
            IF octet_length(origin) + octet_length(payload) < 7900 THEN
                PERFORM pg_notify('\(channelPrefix)' || TG_TABLE_SCHEMA, origin || ' ' || payload);
            END IF;
            RETURN NULL;
        END
        $function$;
        """
}
