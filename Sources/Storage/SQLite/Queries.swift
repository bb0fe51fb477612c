/// Every statement that runs more than once. They are prepared once for each connection and kept.
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

    static let messageByID = "\(selectMessage) WHERE m.id = ?"

    /// Served by `shop_messages_by_creation` without sorting.
    static let messagesByCreation = """
        \(selectMessage)
        WHERE m.shop_id = ?
        ORDER BY m.created_at, m.id LIMIT ?
        """

    /// Served by `shop_messages_by_change` without sorting: the expression must stay the index's.
    static let messagesByChange = """
        \(selectMessage)
        WHERE m.shop_id = ? AND coalesce(m.updated_at, m.created_at) > ?
        ORDER BY coalesce(m.updated_at, m.created_at), m.id LIMIT ?
        """

    /// The last entries of both indices: another writer's edit may carry an earlier time than its creation.
    static let latestChange = """
        SELECT max(
            (SELECT created_at FROM shop_messages WHERE shop_id = ?1 ORDER BY created_at DESC LIMIT 1),
            (SELECT coalesce(updated_at, created_at) FROM shop_messages WHERE shop_id = ?1
                ORDER BY coalesce(updated_at, created_at) DESC LIMIT 1))
        """

    static let role = "SELECT role FROM shop_members WHERE shop_id = ? AND user_id = ?"
    static let shopExists = "SELECT 1 FROM shops WHERE id = ?"
    static let insertShop = "INSERT INTO shops (id, name, created_at) VALUES (?, ?, ?)"
    static let ensureShop = "INSERT INTO shops (id, created_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING"
    static let upsertMember = """
        INSERT INTO shop_members (id, shop_id, user_id, role, joined_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (shop_id, user_id) DO UPDATE SET role = excluded.role
        """
    static let deleteMember = "DELETE FROM shop_members WHERE shop_id = ? AND user_id = ?"
    static let members = "SELECT user_id, role FROM shop_members WHERE shop_id = ? ORDER BY user_id"
    static let username = "SELECT username FROM users WHERE uid = ?"
    static let upsertUsername = """
        INSERT INTO users (uid, username) VALUES (?, ?)
        ON CONFLICT (uid) DO UPDATE SET username = excluded.username
        """
}
