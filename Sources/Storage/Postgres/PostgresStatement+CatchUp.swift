// The statements that `since` needs where other writers share the tables. `PostgresSchema.changeLog` contains the
// proof.

extension PostgresStatement {
    /// Advances a shop's clock, for nodes that share the database. The row stays locked until the commit, so that the
    /// times in a shop are in the order of the commits. A transaction locks several shops in the order of their keys.
    static let advanceClock = """
        ON CONFLICT (shop_id) DO UPDATE SET latest = greatest(c.latest + interval '1 microsecond', excluded.latest)
            RETURNING latest
        """

    /// Reads the message $1. Logs its change when it has the time $2, of a write whose outcome the node did not know:
    /// the write may have been committed after later ones, which the node did not log because it was alone.
    static func resolveMessage(_ shape: PostgresTableShape) -> String {
        """
        WITH logged AS (
            INSERT INTO shopstream_changes (shop_id, message_id, changed_at)
            SELECT shop_id, id, $2 FROM shop_messages WHERE id = $1 AND coalesce(updated_at, created_at) = $2
        )
        SELECT \(columns(shape)) FROM shop_messages m WHERE m.id = $1
        """
    }

    /// Takes a mark only when the log has changes that the last mark did not see, so that an idle database is not
    /// written to.
    static let takeMarkSQL = """
        INSERT INTO shopstream_snapshots (snapshot)
        SELECT pg_current_snapshot() WHERE EXISTS (
            SELECT 1 FROM shopstream_changes c,
                (SELECT taken_at, snapshot FROM shopstream_snapshots ORDER BY taken_at DESC LIMIT 1) last
            WHERE c.xid >= pg_snapshot_xmin(last.snapshot) AND NOT pg_visible_in_snapshot(c.xid, last.snapshot))
        ON CONFLICT DO NOTHING
        """

    /// Marks and changes are kept for a week. The newest mark that is older remains, because it serves the times up to
    /// the next mark. Changes that this mark sees are in no late set that begins with it or with a younger mark.
    static let purgeMarksSQL = """
        DELETE FROM shopstream_snapshots WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM shopstream_snapshots WHERE taken_at < (\(oldestMark("taken_at")))
            ORDER BY taken_at LIMIT $1 FOR UPDATE SKIP LOCKED))
        """
    static let purgeChangesSQL = """
        DELETE FROM shopstream_changes WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM shopstream_changes WHERE xid < (\(oldestMark("pg_snapshot_xmin(snapshot)")))
            ORDER BY xid LIMIT $1 FOR UPDATE SKIP LOCKED))
        """

    private static func oldestMark(_ value: String) -> String {
        """
        SELECT \(value) FROM shopstream_snapshots WHERE taken_at < now() - interval '7 days'
        ORDER BY taken_at DESC LIMIT 1
        """
    }

    /// A slice of the messages of shop $1 that were, or may have been, committed after the moment of $6 although they
    /// are dated no later, from after the position ($4, $5). The moment is that of the snapshot $7; without one, it is
    /// the moment at which the change of the time $6 was shown. In that case a message of exactly that time is left out
    /// when it is the only one, because the client has it.
    ///
    /// Transaction numbers in rows have 32 bits. They are taken for the latest transaction that they can denote, so
    /// that an error repeats a message and never misses one.
    static func lateMessages(_ shape: PostgresTableShape) -> String {
        """
        WITH known AS MATERIALIZED (
            SELECT number, xid, seen, noted_at FROM shopstream_changes
            WHERE shop_id = $1 AND changed_at = $6 AND $7::text IS NULL ORDER BY number LIMIT 1
        ), mark AS MATERIALIZED (
            SELECT number, xid, seen AS snapshot, least($6, noted_at) - interval '30 s' AS dated_from FROM known
            UNION ALL
            SELECT NULL, NULL, $7::text::pg_snapshot,
                CASE WHEN $6 > now() - interval '1 day' THEN $6 - interval '95 s' END
            WHERE $7::text IS NOT NULL
            UNION ALL
            SELECT NULL, NULL, s.snapshot, CASE WHEN s.snapshot IS NULL THEN $6 - interval '10 min' END
            FROM (SELECT (
                SELECT snapshot FROM shopstream_snapshots
                WHERE taken_at <= $6 - interval '65 s' AND $6 <= now() + interval '1 minute'
                ORDER BY taken_at DESC LIMIT 1) AS snapshot) s
            WHERE $7::text IS NULL AND NOT EXISTS (SELECT 1 FROM known)
        ), late AS MATERIALIZED (
            SELECT l.message_id AS id FROM shopstream_changes l, mark
            WHERE l.shop_id = $1
                AND l.xid >= (SELECT coalesce(pg_snapshot_xmin(snapshot), '0'::xid8) FROM mark)
                AND CASE WHEN l.xid = mark.xid THEN l.number > mark.number
                    ELSE mark.snapshot IS NULL OR NOT pg_visible_in_snapshot(l.xid, mark.snapshot) END
            UNION
            SELECT r.id FROM mark, (
                SELECT m.id, (latest - ((latest - m.xmin::text::bigint) & 4294967295))::text::xid8 AS xid
                FROM shop_messages m, (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS latest) s
                WHERE m.shop_id = $1 AND coalesce(m.updated_at, m.created_at) > (SELECT dated_from FROM mark)
                    AND coalesce(m.updated_at, m.created_at) <= $6
            ) r WHERE mark.snapshot IS NULL
                OR r.xid IS DISTINCT FROM mark.xid AND NOT pg_visible_in_snapshot(r.xid, mark.snapshot)
        )
        \(slice(
            shape, by: "coalesce(m.updated_at, m.created_at)",
            // By id, one at a time: a plan in the order of the shop's messages would read all of them to find a few.
            of: "late CROSS JOIN LATERAL (SELECT * FROM shop_messages r WHERE r.id = late.id LIMIT 1) m",
            where: """
                coalesce(m.updated_at, m.created_at) <= $6
                    AND ($7::text IS NOT NULL OR coalesce(m.updated_at, m.created_at) < $6 OR (
                        SELECT count(DISTINCT message_id) > 1 FROM shopstream_changes
                        WHERE shop_id = $1 AND changed_at = $6))
                    AND (coalesce(m.updated_at, m.created_at), m.id COLLATE "C") > ($4, $5)
                """))
        """
    }
}
