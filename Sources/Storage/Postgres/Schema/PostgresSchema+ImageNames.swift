extension PostgresSchema {
    /// Finds what `ImageNames` finds in a text that has a marker.
    static let imageNamePattern = #"""
        [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(?:jpg|png|gif|webp)
        """#

    /// Which images messages name. Triggers maintain it for every writer, but only for texts with a marker.
    static let imageNames = """
        CREATE TABLE IF NOT EXISTS shopstream_image_names (
            shop_id text NOT NULL,
            file_name text NOT NULL,
            message_id text NOT NULL,
            PRIMARY KEY (shop_id, file_name, message_id)
        );
        CREATE INDEX IF NOT EXISTS shopstream_image_names_by_message ON shopstream_image_names (message_id);
        DO $step$ BEGIN EXECUTE replace($functions$
        \(imageNamesFunction)
        $functions$, '@schema@', quote_ident(current_schema())); END $step$;
        DROP TRIGGER IF EXISTS shopstream_image_names_inserted ON shop_messages;
        CREATE TRIGGER shopstream_image_names_inserted AFTER INSERT ON shop_messages
            FOR EACH ROW WHEN (\(hasMarker("NEW"))) EXECUTE FUNCTION shopstream_image_names_changed();
        DROP TRIGGER IF EXISTS shopstream_image_names_updated ON shop_messages;
        CREATE TRIGGER shopstream_image_names_updated AFTER UPDATE ON shop_messages
            FOR EACH ROW WHEN (
                (OLD.id, OLD.shop_id, OLD.message) IS DISTINCT FROM (NEW.id, NEW.shop_id, NEW.message)
                AND (\(hasMarker("OLD")) OR \(hasMarker("NEW")))
            ) EXECUTE FUNCTION shopstream_image_names_changed();
        DROP TRIGGER IF EXISTS shopstream_image_names_deleted ON shop_messages;
        CREATE TRIGGER shopstream_image_names_deleted AFTER DELETE ON shop_messages
            FOR EACH ROW WHEN (\(hasMarker("OLD"))) EXECUTE FUNCTION shopstream_image_names_changed();
        REVOKE ALL ON FUNCTION shopstream_image_names_changed() FROM PUBLIC;
        INSERT INTO shopstream_image_names (shop_id, file_name, message_id)
            SELECT DISTINCT m.shop_id, name[1], m.id
            FROM shop_messages m, regexp_matches(m.message, '\(imageNamePattern)', 'g') AS name
            WHERE \(hasMarker("m"))
            ON CONFLICT DO NOTHING;
        """

    private static func hasMarker(_ row: String) -> String { "strpos(\(row).message, '[IMAGE:') > 0" }

    private static let imageNamesFunction = """
        CREATE OR REPLACE FUNCTION shopstream_image_names_changed() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                DELETE FROM @schema@.shopstream_image_names WHERE message_id = OLD.id;
            END IF;
            IF TG_OP <> 'DELETE' THEN
                IF \(hasMarker("NEW")) THEN
                    INSERT INTO @schema@.shopstream_image_names (shop_id, file_name, message_id)
                        SELECT DISTINCT NEW.shop_id, name[1], NEW.id
                        FROM regexp_matches(NEW.message, '\(imageNamePattern)', 'g') AS name
                        ON CONFLICT DO NOTHING;
                END IF;
            END IF;
            RETURN NULL;
        END
        $function$;
        """
}
