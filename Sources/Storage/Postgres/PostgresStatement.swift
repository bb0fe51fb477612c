/// Every statement that a store runs; the raw value is the name under which it is prepared, once per connection.
package enum PostgresStatement: String, CaseIterable, Sendable {
    case insertMessage, checkMessage, editMessage, deleteMessage
    case insertMessageInOrder, editMessageInOrder, lateMessages, takeMark, purgeChanges, purgeMarks
    case messageByID, resolveMessage, latestChange
    case sliceByCreation, sliceByCreationAfter, sliceByChangeAfter, newestSlice, sliceBefore, sliceDownFrom, placesAfter
    case countMessages
    case role, shopExists, insertShop, upsertMember, deleteMember, members, importMembers, membershipChanges
    case insertImage, imageByID, deleteImage, isImageNamed, unkeptImages, keepImages
    case username, upsertUsername, ping
    case currentTime, changesSince, changesNamed, deletionsSince, purgeMemberChanges, purgeMessageDeletions

    /// Whether it finds one or two rows by an index, for a request that may be a write. Lists are not sent before it.
    var isLookUp: Bool {
        switch self {
        case .messageByID, .latestChange, .role, .shopExists, .imageByID, .isImageNamed, .username, .ping: true
        default: false
        }
    }

    /// The columns of a `Message`, from the row `m`.
    static func columns(_ shape: PostgresTableShape) -> String {
        """
        m.id, m.shop_id, m.user_id, m.message, m.created_at, m.updated_at, m.is_edited,
            \(shape.parentID) AS parent_id, \(shape.authorName) AS username
        """
    }
    /// The bounds of `Timestamp`. Rows that another writer dated outside them are in no list, because a client could
    /// not continue after their times.
    private static let earliest = "'0001-01-01 00:00:00+00'::timestamptz"
    private static let latest = "'9999-12-31 23:59:59.999999+00'::timestamptz"

    /// A slice of a shop's messages in the order of a time. The last row is the first one that exceeds the bytes of
    /// text (`$2`) or the number of requested messages (`$3` is one more). Each inner query determines the order of the
    /// outer one, so that nothing is sorted. `last` is a column after those of the message.
    static func slice(
        _ shape: PostgresTableShape, by time: String, of table: String = "shop_messages m", where condition: String,
        isDescending: Bool = false, skipped: String = "", last: String = "NULL::text"
    )
        -> String
    {
        let direction = isDescending ? " DESC" : ""
        return """
            SELECT * FROM (
                SELECT \(columns(shape)), \(last) AS last,
                    sum(octet_length(m.message))
                        OVER (ORDER BY m.place\(direction), m.id\(direction) ROWS UNBOUNDED PRECEDING) AS sum,
                    m.place
                FROM (
                    SELECT m.id COLLATE "C" AS id, m.shop_id, m.user_id, m.message, m.created_at, m.updated_at,
                        m.is_edited\(shape.innerColumns), \(time) AS place
                    FROM \(table) WHERE m.shop_id = $1 AND \(condition)
                    ORDER BY \(time)\(direction), m.id COLLATE "C"\(direction) LIMIT $3 \(skipped)
                ) m
            ) m WHERE m.sum - octet_length(m.message) <= $2 ORDER BY m.place\(direction), m.id\(direction)
            """
    }
    private static let selectImage = "SELECT id, shop_id, user_id, file_extension, created_at FROM shop_images"

    /// The SQL text. Identifiers are compared and ordered byte for byte, whatever the database's collation is.
    func sql(_ shape: PostgresTableShape) -> String {
        let selectMessage = "SELECT \(Self.columns(shape)) FROM shop_messages m"
        let returnMessage = "RETURNING \(Self.columns(shape))"
        let stored = shape.stored(parentID: "$8::text", username: "$9::text")
        let extra = shape.storingExtras(id: "$1::text", parentID: "$8::text", username: "$9::text")
        return switch self {
        case .insertMessage:
            // When the id is taken the statement returns no row, instead of an error that would break the transaction
            // of other messages.
            """
            \(extra.map { "WITH \($0)" } ?? "")
            INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, updated_at, is_edited\(stored.columns))
            VALUES ($1::text, $2, $3, $4, $5, $6, $7\(stored.values)) ON CONFLICT (id) DO NOTHING
            """
        case .insertMessageInOrder:
            """
            WITH clock AS (
                INSERT INTO shopstream_shop_clocks AS c (shop_id, latest) VALUES ($2, $5) \(Self.advanceClock)
            )\(extra.map { ", \($0)" } ?? "")
            INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, updated_at, is_edited\(stored.columns))
            SELECT $1::text, $2, $3::text, $4::text, clock.latest, $6::timestamptz, $7::bool\(stored.values)
            FROM clock ON CONFLICT (id) DO NOTHING RETURNING created_at
            """
        case .editMessageInOrder:
            """
            WITH clock AS (
                INSERT INTO shopstream_shop_clocks AS c (shop_id, latest)
                SELECT shop_id, $3 FROM shop_messages WHERE id = $1 \(Self.advanceClock)
            )
            UPDATE shop_messages m SET message = $2, updated_at = clock.latest, is_edited = true
            FROM clock WHERE m.id = $1 \(returnMessage)
            """
        case .lateMessages: Self.lateMessages(shape)
        case .takeMark: Self.takeMarkSQL
        case .purgeChanges: Self.purgeChangesSQL
        case .purgeMarks: Self.purgeMarksSQL
        case .checkMessage:
            """
            SELECT created_at FROM shop_messages
            WHERE id = $1 AND shop_id = $2 AND user_id = $3 AND ($5 OR created_at = $4)
            """
        case .editMessage:
            """
            UPDATE shop_messages m SET message = $2, updated_at = $3, is_edited = true WHERE m.id = $1
            \(returnMessage)
            """
        case .deleteMessage:
            """
            DELETE FROM shop_messages m
            WHERE m.id = $1 AND set_config('\(PostgresSchema.deletingSetting)', $1, true) IS NOT NULL
            \(returnMessage)
            """
        case .messageByID: "\(selectMessage) WHERE m.id = $1"
        case .resolveMessage: Self.resolveMessage(shape)
        case .sliceByCreation:
            Self.slice(shape, by: "m.created_at", where: "m.created_at BETWEEN \(Self.earliest) AND \(Self.latest)")
        case .sliceByCreationAfter:
            Self.slice(
                shape, by: "m.created_at",
                where: "(m.created_at, m.id COLLATE \"C\") > ($4, $5) AND m.created_at <= \(Self.latest)")
        case .sliceByChangeAfter:
            Self.slice(
                shape, by: "coalesce(m.updated_at, m.created_at)",
                // The bound of the time alone keeps a generic plan on the shop's index.
                where: "coalesce(m.updated_at, m.created_at) >= $4 "
                    + "AND (coalesce(m.updated_at, m.created_at), m.id COLLATE \"C\") > ($4, $5) "
                    + "AND coalesce(m.updated_at, m.created_at) <= \(Self.latest)",
                last: "CASE WHEN row_number() OVER () = 1 THEN pg_current_snapshot()::text END")
        case .newestSlice:
            Self.slice(
                shape, by: "m.created_at", where: "m.created_at BETWEEN \(Self.earliest) AND \(Self.latest)",
                isDescending: true, skipped: "OFFSET $4")
        case .sliceBefore:
            Self.slice(
                shape, by: "m.created_at",
                where: "(m.created_at, m.id COLLATE \"C\") < ($4, $5) AND m.created_at >= \(Self.earliest)",
                isDescending: true)
        case .sliceDownFrom:
            Self.slice(
                shape, by: "m.created_at",
                where: "(m.created_at, m.id COLLATE \"C\") <= ($4, $5) AND m.created_at >= \(Self.earliest)",
                isDescending: true)
        case .placesAfter:
            """
            SELECT m.created_at, m.id FROM shop_messages m
            WHERE m.shop_id = $1 AND (m.created_at, m.id COLLATE "C") > ($2, $3) AND m.created_at <= \(Self.latest)
            ORDER BY m.created_at, m.id COLLATE "C" LIMIT $4
            """
        case .countMessages:
            """
            SELECT count(*) FROM shop_messages
            WHERE shop_id = $1 AND created_at BETWEEN \(Self.earliest) AND \(Self.latest)
            """
        case .latestChange:
            """
            SELECT greatest(
                (SELECT created_at FROM shop_messages WHERE shop_id = $1 AND created_at <= $2
                    ORDER BY created_at DESC LIMIT 1),
                (SELECT coalesce(updated_at, created_at) FROM shop_messages
                    WHERE shop_id = $1 AND coalesce(updated_at, created_at) <= $2
                    ORDER BY coalesce(updated_at, created_at) DESC LIMIT 1))
            """
        case .role: "SELECT role FROM shop_members WHERE shop_id = $1 AND user_id = $2"
        case .shopExists: "SELECT 1::int8 FROM shops WHERE id = $1"
        case .insertShop:
            """
            INSERT INTO shops (id, name, created_at, updated_at)
            VALUES ($1, coalesce($2::text, $1::text), $3::timestamptz, $3::timestamptz)
            ON CONFLICT (id) DO NOTHING
            """
        case .upsertMember:
            """
            INSERT INTO shop_members (id, shop_id, user_id, role, joined_at)
            SELECT gen_random_uuid()::text, s.id, $2::text, $3::text, $4::timestamptz FROM shops s WHERE s.id = $1
            ON CONFLICT (shop_id, user_id) DO UPDATE SET role = excluded.role
            """
        case .deleteMember: "DELETE FROM shop_members WHERE shop_id = $1 AND user_id = $2"
        case .members:
            "SELECT user_id, role FROM shop_members WHERE shop_id = $1 ORDER BY user_id COLLATE \"C\""
        case .importMembers:
            // The last row of a member counts, as if the rows were imported one by one. One command must not touch a
            // row twice, and new rows and those whose role changed are separate cases.
            """
            WITH rows AS (
                SELECT DISTINCT ON (shop_id, user_id) shop_id, user_id, role
                FROM unnest($1::text[], $2::text[], $3::text[])
                    WITH ORDINALITY AS r (shop_id, user_id, role, place)
                ORDER BY shop_id, user_id, place DESC
            ), made AS (
                INSERT INTO shops (id, name, created_at, updated_at)
                SELECT DISTINCT shop_id, shop_id, $4::timestamptz, $4::timestamptz FROM rows
                ON CONFLICT (id) DO NOTHING
            ), changed AS (
                SELECT r.shop_id, r.user_id, r.role, i.role AS imported
                FROM rows r LEFT JOIN shopstream_member_imports i
                    ON i.shop_id = r.shop_id AND i.user_id = r.user_id
                WHERE i.role IS DISTINCT FROM r.role
            ), recorded AS (
                INSERT INTO shopstream_member_imports (shop_id, user_id, role)
                SELECT shop_id, user_id, role FROM changed
                ON CONFLICT (shop_id, user_id) DO UPDATE SET role = excluded.role
            ), updated AS (
                UPDATE shop_members m SET role = c.role FROM changed c
                WHERE c.imported IS NOT NULL
                    AND m.shop_id = c.shop_id AND m.user_id = c.user_id AND m.role <> c.role
            )
            INSERT INTO shop_members (id, shop_id, user_id, role, joined_at)
            SELECT gen_random_uuid()::text, shop_id, user_id, role, $4::timestamptz
            FROM changed WHERE imported IS NULL
            ON CONFLICT (shop_id, user_id) DO UPDATE SET role = excluded.role
                WHERE shop_members.role <> excluded.role
            """
        case .membershipChanges:
            // All transactions below the position have ended. Changes at or above it may be returned again.
            """
            SELECT p.position, c.position, c.shop_id, c.user_id
            FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS position) p LEFT JOIN (
                SELECT position, shop_id, user_id FROM shop_member_changes
                WHERE position >= $1 ORDER BY position LIMIT $2
            ) c ON true ORDER BY c.position
            """
        case .purgeMemberChanges: Self.purge("shop_member_changes", by: "changed_at")
        case .purgeMessageDeletions: Self.purge("shop_message_deletions", by: "deleted_at")
        case .insertImage:
            """
            INSERT INTO shop_images (id, shop_id, user_id, file_extension, created_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (id) DO NOTHING
            """
        case .imageByID: "\(Self.selectImage) WHERE id = $1"
        case .deleteImage: "DELETE FROM shop_images WHERE id = $1"
        case .isImageNamed:
            "SELECT 1::int8 FROM shopstream_image_names WHERE shop_id = $1 AND file_name = $2 LIMIT 1"
        case .unkeptImages:
            """
            \(Self.selectImage)
            WHERE NOT is_kept AND created_at < $1 AND (created_at, id COLLATE "C") > ($2, $3)
            ORDER BY created_at, id COLLATE "C" LIMIT $4
            """
        case .keepImages: "UPDATE shop_images SET is_kept = $1 WHERE id = ANY($2) AND shop_id = $3 AND is_kept <> $1"
        case .username: "SELECT \(shape.username(of: "$1")) AS username"
        case .upsertUsername:
            """
            INSERT INTO \(shape.usernameTable) (uid, username) VALUES ($1, $2)
            ON CONFLICT (uid) DO UPDATE SET username = excluded.username
            """
        case .ping: "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"
        case .currentTime:
            """
            SELECT clock_timestamp(), \(PostgresSchema.nodeLock(isShared: "$1")),
                pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            """
        case .changesNamed:
            // Transaction numbers in rows have 32 bits. They are compared with the horizon's as PostgreSQL compares
            // them.
            """
            SELECT \(Self.columns(shape)), d.shop_id AS deleted_from,
                coalesce(
                    (coalesce(m.xmin, d.xmin)::text::bigint - $2::bigint) & 4294967295 < 2147483648, true) AS is_news
            FROM unnest($1::text[]) WITH ORDINALITY AS h (id, place)
            LEFT JOIN shop_messages m ON m.id = h.id
            LEFT JOIN LATERAL (
                SELECT e.shop_id, e.xmin FROM shop_message_deletions e
                WHERE e.message_id = h.id AND m.id IS NULL ORDER BY e.deleted_at DESC LIMIT 1
            ) d ON true
            ORDER BY h.place
            """
        case .changesSince:
            """
            \(selectMessage)
            WHERE (coalesce(m.updated_at, m.created_at), m.id COLLATE "C") > ($1, $2)
                AND coalesce(m.updated_at, m.created_at) <= \(Self.latest)
            ORDER BY coalesce(m.updated_at, m.created_at), m.id COLLATE "C" LIMIT $3
            """
        case .deletionsSince:
            """
            SELECT deleted_at, message_id, shop_id FROM shop_message_deletions
            WHERE (deleted_at, message_id COLLATE "C") > ($1, $2) AND deleted_at <= \(Self.latest) ORDER BY deleted_at, message_id COLLATE "C" LIMIT $3
            """
        }
    }

    /// These logs are kept for a day. Older rows are removed in bounded batches, skipping those that another node is
    /// removing.
    private static func purge(_ table: String, by time: String) -> String {
        """
        DELETE FROM \(table) WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM \(table) WHERE \(time) < now() - interval '1 day' ORDER BY \(time)
            LIMIT $1 FOR UPDATE SKIP LOCKED))
        """
    }
}
