/// Why a store did not do what it was asked.
public struct StorageError: Error, Hashable, Sendable {
    /// The kinds of failure. Each has its code, HTTP status and advice in one table, `row`.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// The store is closed, cannot be opened, or its disk fails. Whether a message that failed so was stored is
        /// not known.
        case unavailable
        /// Too much waits already.
        case overloaded
        /// Another process held the database for too long.
        case busy
        /// There is no room for more.
        case full
        /// The identifier is taken.
        case conflict
        /// What the call refers to does not exist.
        case notFound
        /// A value that no store keeps: NUL, too long, empty where it must not be.
        case invalid
        /// The database is damaged, or is not one of ours.
        case corrupt
        /// The database was written by a newer version, or lacks what this one needs.
        case incompatible
        /// A failure that should not happen: a bug.
        case unexpected
    }

    /// What went wrong.
    public let kind: Kind
    /// More about it, for the log; holds no content of messages.
    public let detail: String
    /// Whether a write that failed so may have been applied all the same.
    public let isOutcomeUnknown: Bool

    /// Joins the parts.
    public init(_ kind: Kind, detail: String = "", isOutcomeUnknown: Bool = false) {
        self.kind = kind
        self.detail = detail
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// The same of a write that may have been applied.
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

    /// The stable code, also the label in metrics.
    public var code: String { row.code }
    /// The status that a request gets which failed so.
    public var httpStatus: Int { row.httpStatus }
    /// Whether the same call may succeed later.
    public var isRetryable: Bool { row.isRetryable }
    /// One line for people, without detail.
    public var message: String { row.text }
}

extension StorageError: CustomStringConvertible {
    /// The kind's text, then the detail.
    public var description: String { detail.isEmpty ? kind.message : "\(kind.message): \(detail)" }
}
