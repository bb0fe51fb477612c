// What a catch-up by time needs where several writers share the tables.
//
// A client that sends `since` has seen everything that a node showed it, up to a change C with that time. It may have
// missed a change X only if X is dated no later than C and X was not visible when C was shown. The log decides: the row
// of C contains `seen`, the snapshot of the database in which C was written.
//
// Claim: if X is visible in `seen` of C, the client has X. X was committed before C was written, so
// - a list that returned C was read after the commit of C, hence after that of X, and returned X too, unless X is dated
//   no later than the `since` of that list; then X was in its late set, or known already (induction). A list of several
//   slices is a chain of such lists: see `LateMessages`;
// - a stream shows a change only after all changes of its shop that were committed before it: notifications arrive in
//   the order of the commits, and what is read again after a gap is in the order of the dates, so that what follows C
//   is dated later than C and is no exception.
// So the late set, which is everything in the log that is not visible in `seen`, is complete. Rows of C's own
// transaction become visible together with C, and those that it wrote before C were shown before it.
//
// A node that is alone does not log its own changes, which therefore cost nothing. Two cases follow:
// - C is logged, X is a change of the node: the node dates X when it begins to write it, and a write ends within
//   seconds, so X is dated after C's time less 30 s, and the `xmin` of its row shows whether it was visible.
// - C is not logged: then `seen` is the latest mark that was taken at least 65 s before C's date. A mark is a snapshot
//   of a moment at which the node had published everything that it received. A shop's clock is at most a minute ahead
//   of the server's. An older mark is always safe, as it sees less.
// A write of unknown outcome may be committed after later ones: when the node finds it, it logs it. The first mark,
// which the migration takes, serves all earlier times: what was committed before it was not logged. When it has been
// purged, a time that is older than all marks is answered with an overlap of ten minutes.

extension PostgresSchema {
    static let changeLog = """
        CREATE TABLE IF NOT EXISTS shopstream_changes (
            number bigint GENERATED ALWAYS AS IDENTITY,
            xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
            shop_id text NOT NULL,
            message_id text NOT NULL,
            changed_at timestamptz NOT NULL,
            noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            seen pg_snapshot NOT NULL DEFAULT pg_current_snapshot()
        );
        CREATE INDEX IF NOT EXISTS shopstream_changes_by_transaction ON shopstream_changes (shop_id, xid);
        CREATE INDEX IF NOT EXISTS shopstream_changes_by_change ON shopstream_changes (shop_id, changed_at, number);
        CREATE INDEX IF NOT EXISTS shopstream_changes_by_age ON shopstream_changes (xid);
        CREATE TABLE IF NOT EXISTS shopstream_snapshots (
            taken_at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
            snapshot pg_snapshot NOT NULL DEFAULT pg_current_snapshot()
        );
        INSERT INTO shopstream_snapshots (taken_at) VALUES ('-infinity');
        CREATE TABLE IF NOT EXISTS shopstream_shop_clocks (
            shop_id text PRIMARY KEY,
            latest timestamptz NOT NULL
        );
        DO $step$ BEGIN EXECUTE replace($functions$
        \(logFunction)
        $functions$, '@schema@', quote_ident(current_schema())); END $step$;
        REVOKE ALL ON FUNCTION shopstream_message_logged() FROM PUBLIC;
        DROP TRIGGER IF EXISTS shopstream_message_logged_created ON shop_messages;
        CREATE TRIGGER shopstream_message_logged_created AFTER INSERT ON shop_messages
            FOR EACH ROW WHEN (\(isLogged)) EXECUTE FUNCTION shopstream_message_logged();
        DROP TRIGGER IF EXISTS shopstream_message_logged_edited ON shop_messages;
        CREATE TRIGGER shopstream_message_logged_edited AFTER UPDATE ON shop_messages
            FOR EACH ROW WHEN (
                \(isLogged) AND (OLD.message, OLD.updated_at, OLD.is_edited)
                    IS DISTINCT FROM (NEW.message, NEW.updated_at, NEW.is_edited)
            ) EXECUTE FUNCTION shopstream_message_logged();
        """

    private static let isLogged = "current_setting('\(announceSetting)', true) IS DISTINCT FROM 'off'"

    /// The date is clamped to the years of `Timestamp`, as everywhere.
    private static let logFunction = """
        CREATE OR REPLACE FUNCTION shopstream_message_logged() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
        BEGIN
            INSERT INTO @schema@.shopstream_changes (shop_id, message_id, changed_at) VALUES (
                NEW.shop_id, NEW.id,
                greatest('0001-01-01 00:00:00+00', least(
                    '9999-12-31 23:59:59.999999+00', coalesce(NEW.updated_at, NEW.created_at))));
            RETURN NULL;
        END
        $function$;
        """
}
