internal import Primitives

/// How messages are written out, in answers and in frames, where deployments differ.
public struct MessageFormat: Hashable, Sendable {
    /// The key of the author's name.
    public enum AuthorKey: String, CaseIterable, Sendable {
        case username
        case authorUsername = "author_username"

        /// The key and the punctuation around it, as a message has them.
        var member: StaticString {
            switch self {
            case .username: ",\"username\":"
            case .authorUsername: ",\"author_username\":"
            }
        }
    }

    /// What `updated_at` says of a message that was never edited.
    public enum UpdatedAtOnCreate: String, CaseIterable, Sendable {
        case null
        /// The time of its creation.
        case created
    }

    /// Whether messages carry their author's name.
    public var includesUsername = false
    /// See `AuthorKey`.
    public var authorKey = AuthorKey.username
    /// See `UpdatedAtOnCreate`.
    public var updatedAtOnCreate = UpdatedAtOnCreate.null

    /// The format of the interface.
    public init() {}

    /// What a message says in `updated_at`.
    func updatedAt(of message: Message) -> Timestamp? {
        if let updatedAt = message.updatedAt { return updatedAt }
        switch updatedAtOnCreate {
        case .null: return nil
        case .created: return message.createdAt
        }
    }
}
