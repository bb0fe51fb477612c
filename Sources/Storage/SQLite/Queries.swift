import Primitives

/// Every statement that runs more than once. Each is prepared once per connection and cached.
enum Queries {
    static let insertMessage = """
        INSERT INTO shop_messages
            (id, shop_id, user_id, message, created_at, updated_at, is_edited, parent_id, username)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    private static let selectMessage = """
        SELECT m.id, m.shop_id, m.user_id, m.message, m.created_at, m.updated_at, m.is_edited, m.parent_id,
            coalesce(u.username, m.username)
        FROM shop_messages m LEFT JOIN users u ON u.uid = m.user_id
        """

    /// Rows that another writer dated outside the years 1 to 9999 are in no list, because a client could not continue
    /// after them.
    private static let isInTime =
        "BETWEEN \(Timestamp.earliestMicroseconds) AND \(Timestamp.latestMicroseconds)"

    static let messageByID = "\(selectMessage) WHERE m.id = ?"

    /// Served by `shop_messages_by_creation` without sorting.
    static let sliceByCreation = """
        \(selectMessage)
        WHERE m.shop_id = ? AND (m.created_at, m.id) > (?, ?) AND m.created_at <= \(Timestamp.latestMicroseconds)
        ORDER BY m.created_at, m.id
        """

    /// Served by `shop_messages_by_change` without sorting. The expression must be the same as in the index, and SQLite
    /// uses a bound on it only when it is a separate condition.
    static let sliceByChange = """
        \(selectMessage)
        WHERE m.shop_id = ?1 AND coalesce(m.updated_at, m.created_at) >= ?2
            AND (coalesce(m.updated_at, m.created_at), m.id) > (?2, ?3)
            AND coalesce(m.updated_at, m.created_at) <= \(Timestamp.latestMicroseconds)
        ORDER BY coalesce(m.updated_at, m.created_at), m.id
        """

    /// Served by `shop_messages_by_creation`, read backwards. Skipped messages are counted in the index; their rows are
    /// not read.
    static let newestSlice = """
        SELECT m.id, m.shop_id, m.user_id, m.message, m.created_at, m.updated_at, m.is_edited, m.parent_id,
            coalesce(u.username, m.username)
        FROM (
            SELECT rowid AS place FROM shop_messages
            WHERE shop_id = ? AND created_at \(isInTime) ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?
        ) p CROSS JOIN shop_messages m ON m.rowid = p.place LEFT JOIN users u ON u.uid = m.user_id
        """

    static let sliceBefore = """
        \(selectMessage)
        WHERE m.shop_id = ? AND (m.created_at, m.id) < (?, ?) AND m.created_at >= \(Timestamp.earliestMicroseconds)
        ORDER BY m.created_at DESC, m.id DESC
        """

    static let sliceDownFrom = """
        \(selectMessage)
        WHERE m.shop_id = ? AND (m.created_at, m.id) <= (?, ?) AND m.created_at >= \(Timestamp.earliestMicroseconds)
        ORDER BY m.created_at DESC, m.id DESC
        """

    static let placesAfter = """
        SELECT created_at, id FROM shop_messages
        WHERE shop_id = ? AND (created_at, id) > (?, ?) AND created_at <= \(Timestamp.latestMicroseconds)
        ORDER BY created_at, id LIMIT ?
        """

    static let editMessage = """
        UPDATE shop_messages SET message = ?, updated_at = ?, is_edited = 1 WHERE id = ?
        """

    static let deleteMessage = "DELETE FROM shop_messages WHERE id = ?"

    static let countMessages = "SELECT count(*) FROM shop_messages WHERE shop_id = ? AND created_at \(isInTime)"

    /// The last entries of both indices up to a time: an edit by another writer may have an earlier time than the
    /// creation.
    static let latestChange = """
        SELECT max(time) FROM (
            SELECT max(created_at) AS time FROM shop_messages WHERE shop_id = ?1 AND created_at <= ?2
            UNION ALL
            SELECT max(coalesce(updated_at, created_at)) FROM shop_messages
                WHERE shop_id = ?1 AND coalesce(updated_at, created_at) <= ?2)
        """

    static let role = "SELECT role FROM shop_members WHERE shop_id = ? AND user_id = ?"
    static let shopExists = "SELECT 1 FROM shops WHERE id = ?"
    static let insertShop = "INSERT INTO shops (id, name, created_at) VALUES (?, ?, ?)"
    static let ensureShop = "INSERT INTO shops (id, created_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING"
    static let upsertMember = """
        INSERT INTO shop_members (id, shop_id, user_id, role, joined_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (shop_id, user_id) DO UPDATE SET role = excluded.role
        """
    static let importedRole = "SELECT role FROM shopstream_member_imports WHERE shop_id = ? AND user_id = ?"
    static let recordImport = """
        INSERT INTO shopstream_member_imports (shop_id, user_id, role) VALUES (?, ?, ?)
        ON CONFLICT (shop_id, user_id) DO UPDATE SET role = excluded.role
        """
    static let updateRole = "UPDATE shop_members SET role = ?3 WHERE shop_id = ?1 AND user_id = ?2"
    static let deleteMember = "DELETE FROM shop_members WHERE shop_id = ? AND user_id = ?"
    static let members = "SELECT user_id, role FROM shop_members WHERE shop_id = ? ORDER BY user_id"
    /// The first and last position of the log of changes; null when it is empty.
    static let membershipChangeBounds = "SELECT min(position), max(position) FROM shop_member_changes"
    static let membershipChanges = """
        SELECT shop_id, user_id FROM shop_member_changes WHERE position > ? ORDER BY position
        """
    static let insertImage = """
        INSERT INTO shop_images (id, shop_id, user_id, file_extension, created_at) VALUES (?, ?, ?, ?, ?)
        """
    private static let selectImage = "SELECT id, shop_id, user_id, file_extension, created_at FROM shop_images"
    static let imageByID = "\(selectImage) WHERE id = ?"
    static let deleteImage = "DELETE FROM shop_images WHERE id = ?"
    static let isImageNamed = "SELECT 1 FROM shop_image_names WHERE shop_id = ? AND file_name = ? LIMIT 1"
    static let insertImageName = """
        INSERT OR IGNORE INTO shop_image_names (shop_id, file_name, message_id) VALUES (?, ?, ?)
        """
    static let deleteImageNames = "DELETE FROM shop_image_names WHERE message_id = ?"
    static let unkeptImages = """
        \(selectImage) WHERE is_kept = 0 AND created_at < ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?
        """
    static let keepImage = "UPDATE shop_images SET is_kept = ? WHERE id = ? AND shop_id = ?"
    static let username = "SELECT username FROM users WHERE uid = ?"
    static let upsertUsername = """
        INSERT INTO users (uid, username) VALUES (?, ?)
        ON CONFLICT (uid) DO UPDATE SET username = excluded.username
        """
}
