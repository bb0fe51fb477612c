import Primitives
import Storage

/// How messages are written out, in answers and in frames, where deployments differ.
public struct MessageFormat: Hashable, Sendable {
    /// The key of the author's name.
    public enum AuthorKey: String, CaseIterable, Sendable {
        case username
        case authorUsername = "author_username"

        /// The key as it stands in a message, with what is around it.
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
    func updatedAt(of message: Storage.Message) -> Timestamp? {
        if let updatedAt = message.updatedAt { return updatedAt }
        switch updatedAtOnCreate {
        case .null: return nil
        case .created: return message.createdAt
        }
    }
}

extension MessageFormat {
    init(_ reader: ConfigurationReader) throws(ConfigurationError) {
        includesUsername = try reader.flag("WEBSOCKET_INCLUDE_USERNAME")
        authorKey = try reader.choice("SHOPSTREAM_AUTHOR_KEY")
        updatedAtOnCreate = try reader.choice("SHOPSTREAM_UPDATED_AT_ON_CREATE")
    }
}

extension ConfigurationReader {
    /// One of the values that a setting has.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String) throws(ConfigurationError) -> Choice {
        let text = value(name)
        guard let choice = Choice(rawValue: text) else {
            throw ConfigurationError(
                name: name, value: text, allowed: Choice.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return choice
    }
}
