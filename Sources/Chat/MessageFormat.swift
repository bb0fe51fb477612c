internal import Primitives

/// How messages are written in responses and frames, where deployments differ.
public struct MessageFormat: Hashable, Sendable {
    /// The key of the author's name.
    public enum AuthorKey: String, CaseIterable, Sendable {
        case username
        case authorUsername = "author_username"
    }

    /// The value of `updated_at` for a message that was never edited.
    public enum UpdatedAtOnCreate: String, CaseIterable, Sendable {
        case null
        /// The time of its creation.
        case created
    }

    /// Whether messages contain their author's name.
    public var includesUsername = false
    /// See `AuthorKey`.
    public var authorKey = AuthorKey.username
    /// See `UpdatedAtOnCreate`.
    public var updatedAtOnCreate = UpdatedAtOnCreate.null

    /// The default format of the interface.
    public init() {}

    /// The value of `updated_at` for a message with these times.
    func updatedAt(_ updatedAt: Timestamp?, createdAt: Timestamp) -> Timestamp? {
        if let updatedAt { return updatedAt }
        switch updatedAtOnCreate {
        case .null: return nil
        case .created: return createdAt
        }
    }
}
