public import Primitives

/// Who a verified token speaks for.
public struct Identity: Hashable, Sendable {
    /// The token's `sub`, or its `user_id` when it has no `sub`: 1 to 128 bytes without control characters.
    public let userID: UserID
    /// The token's `name`, at most 256 bytes; nil when absent or unfit to be shown.
    public let name: String?
    /// The token's `email` as it stands there, unchecked; nil when absent or too long.
    public let email: String?
    /// The wall-clock time from which the token is refused: its `exp` plus the configured leeway. An `exp` beyond
    /// what a timestamp can write counts as the last one that it can.
    public let expiresAt: Timestamp

    /// Joins the parts as they are.
    public init(userID: UserID, name: String?, email: String?, expiresAt: Timestamp) {
        self.userID = userID
        self.name = name
        self.email = email
        self.expiresAt = expiresAt
    }
}
