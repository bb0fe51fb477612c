public import Primitives

/// The user that a verified token identifies.
public struct Identity: Hashable, Sendable {
    /// The token's `sub`, or its `user_id` when it has no `sub`: 1 to 128 bytes without control characters.
    public let userID: UserID
    /// The token's `name`, at most 256 bytes; nil when absent or not displayable.
    public let name: String?
    /// The wall-clock time from which the token is refused: its `exp` plus the configured leeway. An `exp` that a
    /// timestamp cannot represent counts as the latest representable time.
    public let expiresAt: Timestamp

    /// Creates an identity from unchecked fields.
    public init(userID: UserID, name: String?, expiresAt: Timestamp) {
        self.userID = userID
        self.name = name
        self.expiresAt = expiresAt
    }
}
