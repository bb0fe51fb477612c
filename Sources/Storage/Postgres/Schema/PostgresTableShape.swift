/// Which of the optional columns the tables have. Tables of other services keep their shape. Where a column is missing,
/// the migration creates a table of our own for its values.
public struct PostgresTableShape: Hashable, Sendable {
    /// Whether `shop_messages` has `parent_id`.
    var hasParents = true
    /// Whether `shop_messages` has `username`.
    var hasAuthorNames = true
    /// Whether `users` has `username`.
    var hasUsernames = true
    /// Whether `shopstream_message_extras` exists. It remains when the other service adds the column later.
    var hasMessageExtras = false
    /// Whether `shopstream_usernames` exists.
    var hasOwnUsernames = false

    /// The shape of a database whose tables are all ours.
    init() {}

    /// The shape of the tables that the connection's search path finds.
    init(_ connection: PostgresBlockingConnection) throws(StorageError) {
        let found = try connection.execute(
            """
            VALUES (\(Self.hasColumn("shop_messages", "parent_id"))), (\(Self.hasColumn("shop_messages", "username"))),
                (\(Self.hasColumn("users", "username"))), (to_regclass('shopstream_message_extras') IS NOT NULL),
                (to_regclass('shopstream_usernames') IS NOT NULL)
            """
        ).map { $0 == "t" }
        guard found.count == 5 else { throw StorageError(.unexpected, detail: "no shape of the tables") }
        (hasParents, hasAuthorNames, hasUsernames) = (found[0], found[1], found[2])
        (hasMessageExtras, hasOwnUsernames) = (found[3], found[4])
    }

    private static func hasColumn(_ table: String, _ column: String) -> String {
        """
        EXISTS (SELECT FROM pg_attribute
            WHERE attrelid = to_regclass('\(table)') AND attname = '\(column)' AND NOT attisdropped)
        """
    }

    // MARK: - Parts of statements

    /// The columns of `shop_messages m` that an inner query must pass on for the expressions below, each with a leading
    /// comma.
    var innerColumns: String { (hasParents ? ", m.parent_id" : "") + (hasAuthorNames ? ", m.username" : "") }

    /// The parent of the message `m`.
    var parentID: String { value(hasParents ? "m.parent_id" : nil, hasMessageExtras ? extra("parent_id") : nil) }

    /// The name of the author of the message `m`: the user's current name, else the one in the message.
    var authorName: String {
        value(
            username(of: "m.user_id"), hasAuthorNames ? "m.username" : nil,
            hasMessageExtras ? extra("username") : nil)
    }

    /// The name of a user.
    func username(of userID: String) -> String {
        value(
            hasUsernames ? "(SELECT u.username FROM users u WHERE u.uid = \(userID))" : nil,
            hasOwnUsernames ? "(SELECT u.username FROM shopstream_usernames u WHERE u.uid = \(userID))" : nil)
    }

    /// The table of users' names that `setUsername` writes.
    var usernameTable: String { hasUsernames ? "users" : "shopstream_usernames" }

    /// The values that have a column in `shop_messages`: their columns and expressions, each with a leading comma.
    func stored(parentID: String, username: String) -> (columns: String, values: String) {
        (
            (hasParents ? ", parent_id" : "") + (hasAuthorNames ? ", username" : ""),
            (hasParents ? ", \(parentID)" : "") + (hasAuthorNames ? ", \(username)" : "")
        )
    }

    /// A part `extra AS (…)` of a WITH clause that stores the values without a column in `shop_messages`, when the
    /// message's id is not taken; nil when every value has a column.
    func storingExtras(id: String, parentID: String, username: String) -> String? {
        guard hasMessageExtras, !hasParents || !hasAuthorNames else { return nil }
        let parentID = hasParents ? "NULL::text" : parentID
        let username = hasAuthorNames ? "NULL::text" : username
        return """
            extra AS (
                INSERT INTO shopstream_message_extras (message_id, parent_id, username)
                SELECT \(id), \(parentID), \(username)
                WHERE coalesce(\(parentID), \(username)) IS NOT NULL
                    AND NOT EXISTS (SELECT FROM shop_messages WHERE id = \(id))
                ON CONFLICT (message_id) DO UPDATE SET parent_id = excluded.parent_id, username = excluded.username
            )
            """
    }

    private func extra(_ column: String) -> String {
        "(SELECT x.\(column) FROM shopstream_message_extras x WHERE x.message_id = m.id COLLATE \"default\")"
    }

    private func value(_ candidates: String?...) -> String {
        let there = candidates.compactMap(\.self)
        return switch there.count {
        case 0: "NULL::text"
        case 1: there[0]
        default: "coalesce(\(there.joined(separator: ", ")))"
        }
    }
}
