extension PostgresSchema {
    /// Where the tables of another service lack a column, a table of our own holds its values: a new column would break
    /// that service's code generators. See `PostgresTableShape`.
    static let extras = """
        DO $step$
        DECLARE
            missing text[] := ARRAY(
                SELECT n.table_name || '.' || n.column_name
                FROM (VALUES ('shop_messages', 'parent_id'), ('shop_messages', 'username'), ('users', 'username'))
                    AS n (table_name, column_name)
                WHERE NOT EXISTS (
                    SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(quote_ident(n.table_name))
                        AND a.attname = n.column_name AND NOT a.attisdropped));
        BEGIN
            IF 'users.username' = ANY (missing) THEN
                CREATE TABLE shopstream_usernames (uid text PRIMARY KEY, username text);
            END IF;
            IF 'shop_messages.parent_id' = ANY (missing) OR 'shop_messages.username' = ANY (missing) THEN
                CREATE TABLE shopstream_message_extras (message_id text PRIMARY KEY, parent_id text, username text);
                EXECUTE replace($functions$
                \(extrasFunction)
                $functions$, '@schema@', quote_ident(current_schema()));
                REVOKE ALL ON FUNCTION shopstream_message_extras_deleted() FROM PUBLIC;
                CREATE TRIGGER shopstream_message_extras_deleted AFTER DELETE ON shop_messages
                    FOR EACH ROW EXECUTE FUNCTION shopstream_message_extras_deleted();
            END IF;
        END
        $step$;
        """

    private static let extrasFunction = """
        CREATE OR REPLACE FUNCTION shopstream_message_extras_deleted() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        BEGIN
            DELETE FROM @schema@.shopstream_message_extras WHERE message_id = OLD.id;
            RETURN NULL;
        END
        $function$;
        """
}
