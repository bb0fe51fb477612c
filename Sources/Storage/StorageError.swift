/// Why a call to a store failed.
public struct StorageError: Error, Hashable, Sendable {
    /// The kinds of failure. The table `row` has the code, HTTP status and advice for each.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// The store is closed, cannot be opened, or its disk fails. A write that failed in this way may have been
        /// applied.
        case unavailable
        /// Too much is pending already.
        case overloaded
        /// Another process held the database for too long.
        case busy
        /// There is no room for more.
        case full
        /// The identifier is taken.
        case conflict
        /// The call refers to something that does not exist.
        case notFound
        /// A value that no store accepts: it contains NUL, is too long, or is empty where it must not be.
        case invalid
        /// The database is damaged or not one of ours.
        case corrupt
        /// A newer version wrote the database, or it lacks something that this version needs.
        case incompatible
        /// A failure that should not happen: a bug.
        case unexpected
    }

    /// The kind of failure.
    public let kind: Kind
    /// Details for the log. Contains no content of messages.
    public let detail: String
    /// Whether a write that failed may have been applied.
    public let isOutcomeUnknown: Bool

    /// Creates an error.
    public init(_ kind: Kind, detail: String = "", isOutcomeUnknown: Bool = false) {
        self.kind = kind
        self.detail = detail
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// The same error, of a write that may have been applied.
    var withUnknownOutcome: StorageError {
        isOutcomeUnknown ? self : StorageError(kind, detail: "\(detail); outcome unknown", isOutcomeUnknown: true)
    }
}

extension StorageError.Kind {
    private struct Row {
        let code: String
        let httpStatus: Int
        let isRetryable: Bool
        let text: String
    }

    private var row: Row {
        switch self {
        case .unavailable:
            Row(code: "storage_unavailable", httpStatus: 503, isRetryable: true, text: "the store is not available")
        case .overloaded:
            Row(code: "storage_overloaded", httpStatus: 503, isRetryable: true, text: "the store is overloaded")
        case .busy: Row(code: "storage_busy", httpStatus: 503, isRetryable: true, text: "the store is busy")
        case .full: Row(code: "storage_full", httpStatus: 503, isRetryable: true, text: "the store is full")
        case .conflict: Row(code: "conflict", httpStatus: 409, isRetryable: false, text: "it exists already")
        case .notFound: Row(code: "not_found", httpStatus: 404, isRetryable: false, text: "it does not exist")
        case .invalid: Row(code: "invalid_value", httpStatus: 400, isRetryable: false, text: "it cannot be stored")
        case .corrupt:
            Row(code: "storage_corrupt", httpStatus: 500, isRetryable: false, text: "the store is damaged or not ours")
        case .incompatible:
            Row(
                code: "storage_incompatible", httpStatus: 500, isRetryable: false,
                text: "the store is of another version")
        case .unexpected: Row(code: "storage_failed", httpStatus: 500, isRetryable: false, text: "the store failed")
        }
    }

    /// The stable code, which is also the label in metrics.
    public var code: String { row.code }
    /// The HTTP status of a request that failed in this way.
    public var httpStatus: Int { row.httpStatus }
    /// Whether the same call may succeed later.
    public var isRetryable: Bool { row.isRetryable }
    /// One line of text for people, without the detail.
    public var message: String { row.text }
}

extension StorageError: CustomStringConvertible {
    /// The kind's text, then the detail.
    public var description: String { detail.isEmpty ? kind.message : "\(kind.message): \(detail)" }
}
